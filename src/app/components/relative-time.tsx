// A time as people say it ("4 min ago"), with the exact time on hover.
"use client";

import { formatAge } from "./format.ts";
import { useNow } from "./use-now.ts";

export function RelativeTime({ at }: { at: string }) {
  const now = useNow(10_000);
  const date = new Date(at);
  return (
    <time
      dateTime={at}
      title={date.toLocaleString()}
      className="whitespace-nowrap tabular-nums"
      suppressHydrationWarning
    >
      {formatAge(now - date.getTime())}
    </time>
  );
}
