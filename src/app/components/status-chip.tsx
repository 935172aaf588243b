// State of a session as an icon and a word, never as colour alone.
import { Archive, CircleCheck, CircleX, Hand, LoaderCircle, RotateCw } from "lucide-react";
import { classNames } from "./class-names.ts";

const looks = {
  running: { word: "Running", icon: LoaderCircle, style: "text-running", spins: true },
  waiting: { word: "Waiting for you", icon: Hand, style: "bg-waiting-soft text-waiting", spins: false },
  awaiting_result: { word: "Waiting for a result", icon: Hand, style: "text-waiting", spins: false },
  rescheduling: { word: "Trying again", icon: RotateCw, style: "text-waiting", spins: false },
  idle: { word: "Idle", icon: CircleCheck, style: "text-muted", spins: false },
  failed: { word: "Stopped by an error", icon: CircleX, style: "text-danger", spins: false },
  ended: { word: "Ended", icon: CircleX, style: "text-muted", spins: false },
  archived: { word: "Archived", icon: Archive, style: "text-muted", spins: false },
};
export type SessionState = keyof typeof looks;

export function StatusChip({ state }: { state: SessionState }) {
  const { word, icon: Icon, style, spins } = looks[state];
  return (
    <span
      className={classNames(
        "inline-flex items-center gap-1.5 rounded-full border border-line px-2 py-0.5 text-[13px] font-medium whitespace-nowrap",
        style,
      )}
    >
      <Icon aria-hidden className={classNames("size-3.5", spins && "motion-safe:animate-spin")} /> {word}
    </span>
  );
}

/** The state in a person's words, from what the API says about a session. */
export function sessionState(session: {
  status: string;
  archived_at: string | null;
  stop_reason?: { type: string } | null | undefined;
}): SessionState {
  if (session.archived_at !== null) return "archived";
  if (session.status === "terminated" || session.status === "deleted") return "ended";
  if (session.status === "running") return "running";
  if (session.status === "rescheduling") return "rescheduling";
  if (session.stop_reason?.type === "requires_action") return "waiting";
  if (session.stop_reason?.type === "retries_exhausted") return "failed";
  return "idle";
}
