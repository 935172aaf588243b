// A time as people say it ("4 min ago"). The exact one: on hover; for all times by a tap on one of them or the key T.
"use client";

import { formatAge } from "./format.ts";
import { useExactTimes } from "./use-exact-times.ts";
import { useNow } from "./use-now.ts";

export function RelativeTime({ at }: { at: string }) {
  const now = useNow(10_000);
  const { exact, toggle } = useExactTimes();
  const date = new Date(at);
  return (
    // A key for all times instead of a tab stop for each; as a button it could not stand in links.
    // biome-ignore lint/a11y/useKeyWithClickEvents: the key T does the same
    <time
      dateTime={at}
      title={date.toLocaleString()}
      // Above a link that covers its row.
      className="relative z-10 whitespace-nowrap tabular-nums pointer-coarse:cursor-pointer"
      suppressHydrationWarning
      onClick={(event) => {
        event.preventDefault();
        event.stopPropagation();
        toggle();
      }}
    >
      {exact ? date.toLocaleString() : formatAge(now - date.getTime())}
    </time>
  );
}
