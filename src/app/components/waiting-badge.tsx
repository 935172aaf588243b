// How many sessions wait for a person.
"use client";

import { classNames } from "./class-names.ts";
import { useWaitingSessions } from "./use-waiting-sessions.ts";

/** `corner`: on the icon, where there is no room beside it. */
export function WaitingBadge({ corner }: { corner: boolean }) {
  const count = useWaitingSessions().data?.sessions.length ?? 0;
  if (count === 0) return null;
  return (
    <span
      className={classNames(
        "rounded-full bg-waiting px-1.5 text-[11px] leading-4 font-semibold text-panel tabular-nums max-md:absolute max-md:top-0 max-md:right-1",
        corner ? "md:absolute md:-top-1 md:-right-1 md:px-1" : "md:ml-auto",
      )}
    >
      {count}
      <span className="sr-only"> waiting</span>
    </span>
  );
}
