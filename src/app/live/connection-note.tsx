// Says on every page that the live connection is lost.
"use client";

import { Unplug } from "../components/icons/icons.tsx";
import { useConnectionTrouble } from "./use-connection-trouble.ts";

const words = {
  lost: "Connection lost. Trying again; nothing is lost.",
  ended: "Live updates have ended. Load the page again to see what is new.",
};

export function ConnectionNote() {
  const trouble = useConnectionTrouble();
  return (
    <div role="status" className="shrink-0">
      {trouble && (
        <p className="flex items-start gap-2 border-b border-line bg-waiting-soft px-4 py-1.5 text-[13px]">
          <Unplug aria-hidden className="mt-0.5 size-4 shrink-0 text-waiting" /> {words[trouble]}
        </p>
      )}
    </div>
  );
}
