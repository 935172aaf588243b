// The frame itself failed to draw. Stands alone: nothing of the frame can be used here.
"use client";

import "./globals.css";

export default function FrameFailure({ error }: { error: Error }) {
  return (
    <html lang="en">
      <body>
        <title>Berth</title>
        <div role="alert" className="mx-auto grid max-w-md gap-3 px-4 py-16">
          <h1 className="text-base font-semibold">The dashboard stopped working</h1>
          <p className="text-muted">{error.message}</p>
          <p>
            <a href="/" className="text-accent underline">
              Load it again
            </a>
          </p>
        </div>
      </body>
    </html>
  );
}
