// Says on every page that the live connection is lost, and that a part of the page has not come.
"use client";

import { Unplug } from "../components/icons/icons.tsx";
import { useConnectionTrouble } from "./use-connection-trouble.ts";
import { usePartTrouble } from "./use-part-trouble.ts";

const words = {
  lost: "Connection lost. Trying again; nothing is lost.",
  ended: "Live updates have ended. Load the page again to see what is new.",
};
const partWords = {
  away: "The server does not answer. Trying again; what is missing on this page comes by itself.",
  failing: "A part of this page could not be loaded. Trying again; it comes by itself.",
};

export function ConnectionNote() {
  const trouble = useConnectionTrouble();
  const part = usePartTrouble();
  // One line for one cause.
  const missing = part === "away" && trouble === "lost" ? "What is missing on this page comes by itself." : null;
  const told = [
    trouble && words[trouble],
    missing ?? (part === "away" || part === "failing" ? partWords[part] : null),
  ].filter((each) => each !== null);
  return (
    <div role="status" className="shrink-0">
      {told.length > 0 && (
        <p className="flex items-start gap-2 border-b border-line bg-waiting-soft px-4 py-1.5 text-[13px]">
          <Unplug aria-hidden className="mt-0.5 size-4 shrink-0 text-waiting" /> {told.join(" ")}
        </p>
      )}
    </div>
  );
}
