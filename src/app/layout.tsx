// Frame of every page.
import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import "./globals.css";
import { AppShell } from "./components/app-shell.tsx";
import { Providers } from "./providers.tsx";

/** Each answer carries the nonce of its own Content Security Policy, so no page can be made ahead of time. */
export const dynamic = "force-dynamic";
export const metadata: Metadata = { title: { default: "Berth", template: "%s · Berth" }, referrer: "same-origin" };
export const viewport: Viewport = { width: "device-width", initialScale: 1, viewportFit: "cover" };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <Providers>
          <AppShell>{children}</AppShell>
        </Providers>
      </body>
    </html>
  );
}
