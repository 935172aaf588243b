// In the top bar: whether what is shown is live.
"use client";

import { classNames } from "../components/class-names.ts";
import { Unplug, Zap } from "../components/icons/icons.tsx";
import { useConnectionTrouble } from "./use-connection-trouble.ts";
import { useLiveState } from "./use-live-state.ts";

export function ConnectionState() {
  const trouble = useConnectionTrouble();
  const { connection } = useLiveState();
  if (trouble)
    return (
      <span className="flex items-center gap-1 text-[13px] text-waiting">
        <Unplug aria-hidden className="size-4" /> Not live
      </span>
    );
  return (
    <span
      // While it is being made only its place is kept.
      className={classNames("flex items-center gap-1 text-[13px] text-muted", connection !== "open" && "invisible")}
      title="Everything here is kept up to date by itself"
    >
      <Zap aria-hidden className="size-4" /> Live
    </span>
  );
}
