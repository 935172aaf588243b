// Grey lines in place of a list; shown only when loading takes long enough to notice.
"use client";

import { useEffect, useState } from "react";

const VISIBLE_AFTER_MS = 200;

export function ListSkeleton({ label }: { label: string }) {
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setVisible(true), VISIBLE_AFTER_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div role="status" aria-label={label} className="grid gap-3 p-4">
      {visible && [72, 56, 64].map((width) => <Line key={width} width={width} />)}
    </div>
  );
}

function Line({ width }: { width: number }) {
  return <div className="h-5 motion-safe:animate-pulse rounded bg-sunken" style={{ width: `${width}%` }} />;
}
