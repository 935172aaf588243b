// Says that the live connection is lost, once that has lasted long enough to matter.
"use client";

import { useEffect, useState } from "react";
import { Unplug } from "../components/icons/icons.tsx";
import { useLiveState } from "./use-live-state.ts";

const VISIBLE_AFTER_MS = 2_000;

export function ConnectionNote() {
  const { connection, error } = useLiveState();
  const lost = connection !== "open";
  const [visible, setVisible] = useState(false);
  useEffect(() => {
    if (!lost) {
      setVisible(false);
      return;
    }
    const timer = setTimeout(() => setVisible(true), VISIBLE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [lost]);
  return (
    <div role="status" className="shrink-0">
      {visible && (
        <p className="flex items-start gap-2 border-b border-line bg-waiting-soft px-4 py-1.5 text-[13px]">
          <Unplug aria-hidden className="mt-0.5 size-4 shrink-0 text-waiting" />
          {connection === "closed" && error !== null
            ? "Live updates have ended. Load the page again to see what is new."
            : "Connection lost. Trying again; nothing is lost."}
        </p>
      )}
    </div>
  );
}
