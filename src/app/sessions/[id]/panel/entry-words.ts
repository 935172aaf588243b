// An entry of a session's history in words for an operator. Pure.
import type { TimelineEntry } from "../../../../contract/timeline.ts";

const HOLD_ENDS: Record<string, string> = {
  rested: "nothing was left to do",
  waits: "to be tried again later",
  handed_over: "the worker stopped and handed it over",
  failed: "the worker failed at it",
  worker_died: "the worker died",
  lease_ran_out: "the lease ran out",
};
const SANDBOX_STARTS: Record<string, string> = {
  made: "Sandbox made",
  woken: "Sandbox woken",
  disk_lost: "Sandbox made anew: its disk was lost",
};
const TITLES: Record<string, string> = {
  sandbox_hibernated: "Sandbox hibernated",
  "session.status_running": "Running",
  "session.status_idle": "Idle",
  "session.status_rescheduled": "Tried again later",
  "session.status_terminated": "Ended",
  "session.error": "Error",
  "session.restored": "Files restored",
  "session.packages": "Packages installed",
  "session.rewound": "Rewound",
  "session.forked": "Forked",
  "session.egress_refused": "Suspicious request refused",
  "agent.thread_context_compacted": "Conversation compacted",
};
/** Why it goes on later, or elsewhere. */
const RESCHEDULED: Record<string, string> = {
  worker_changed: "Taken up by another worker",
  retry_requested: "Tried again: somebody asked for it",
  sandbox_limit: "Waits for a sandbox: its team runs as many as it may",
  model_busy: "Waits for its turn at the model",
};
const TROUBLE = new Set(["worker_died", "lease_ran_out", "failed", "disk_lost"]);

export type EntryWords = { title: string; detail: string | null; trouble: boolean };

export function entryWords({ kind, detail, epoch }: TimelineEntry): EntryWords {
  const how = typeof detail.how === "string" ? detail.how : "";
  const trouble =
    TROUBLE.has(how) ||
    kind === "session.error" ||
    kind === "session.egress_refused" ||
    kind === "session.status_terminated";
  if (kind === "hold") return { title: `Held, lease ${epoch}`, detail: HOLD_ENDS[how] ?? (how || null), trouble };
  if (kind === "sandbox_started") return { title: SANDBOX_STARTS[how] ?? "Sandbox started", detail: null, trouble };
  if (kind === "waits_for_place")
    return {
      title: "Waited for a place",
      detail: `its team runs ${detail.of} sessions at once: wait until one has ended, or raise BERTH_TEAM_SESSIONS`,
      trouble: false,
    };
  const manager = fieldOf(detail, "manager");
  if (kind === "session.packages" && manager !== null)
    return { title: `Packages are being installed: ${manager}`, detail: null, trouble };
  if (kind === "session.egress_refused")
    return { title: TITLES[kind] ?? kind, detail: `${fieldOf(detail, "host")}: ${fieldOf(detail, "rule")}`, trouble };
  const title = kind === "session.status_rescheduled" ? RESCHEDULED[fieldOf(detail, "reason") ?? ""] : undefined;
  return { title: title ?? TITLES[kind] ?? kind, detail: reasonOf(detail), trouble };
}

/** What a log's entry says in one line: the error's message, or why a turn stopped. */
function reasonOf(detail: Record<string, unknown>): string | null {
  const message = fieldOf(detail.error, "message");
  if (message !== null) return message;
  const stop = fieldOf(detail.stop_reason, "type");
  return stop === null || stop === "end_turn" ? null : stop.replaceAll("_", " ");
}

function fieldOf(value: unknown, name: string): string | null {
  if (typeof value !== "object" || value === null || !(name in value)) return null;
  const field: unknown = Object.entries(value).find(([key]) => key === name)?.[1];
  return typeof field === "string" ? field : null;
}
