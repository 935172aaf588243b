// Says that the live connection is lost, once that has lasted long enough to matter.
"use client";

import { Unplug } from "lucide-react";
import { useEffect, useState } from "react";
import type { ConnectionState } from "../../../client/stream-events.ts";

const VISIBLE_AFTER_MS = 2_000;

export function ConnectionNote({ state }: { state: ConnectionState }) {
  const lost = state !== "open" && state !== "closed";
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
    <div role="status">
      {visible && (
        <p className="flex items-center gap-2 border-b border-line bg-waiting-soft px-4 py-1 text-[13px]">
          <Unplug aria-hidden className="size-4 text-waiting" /> Connection lost. Trying again; nothing is lost.
        </p>
      )}
    </div>
  );
}
