// An entry of a session's history in words for an operator. Pure.

import { errorTitle } from "../../../../client/error-words.ts";
import { ruleWords } from "../../../../client/rule-words.ts";
import type { TimelineEntry } from "../../../../contract/timeline.ts";
import { formatDuration } from "../../../../lib/format-duration.ts";

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
  "session.status_terminated": "Ended",
  "session.restored": "Files restored",
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
/** Of a list of packages, so many are named. */
const NAMED = 5;
const TROUBLE = new Set(["worker_died", "lease_ran_out", "failed", "disk_lost"]);

export type EntryWords = { title: string; detail: string | null; trouble: boolean };

export function entryWords({ kind, detail, epoch }: TimelineEntry): EntryWords {
  const how = typeof detail.how === "string" ? detail.how : "";
  const trouble =
    TROUBLE.has(how) ||
    kind === "session.error" ||
    kind === "session.egress_refused" ||
    kind === "session.status_terminated";
  return { ...wordsOf(kind, { detail, how, epoch }), trouble };
}

type Known = Pick<TimelineEntry, "detail" | "epoch"> & { how: string };

function wordsOf(kind: string, { detail, how, epoch }: Known): Omit<EntryWords, "trouble"> {
  switch (kind) {
    case "hold":
      return { title: `Held, lease ${epoch}`, detail: HOLD_ENDS[how] ?? (plain(how) || null) };
    case "sandbox_started":
      return { title: SANDBOX_STARTS[how] ?? "Sandbox started", detail: null };
    case "waits_for_place":
      return {
        title: "Waited for a place",
        detail: `its team runs ${detail.of} sessions at once: wait until one has ended, or raise BERTH_TEAM_SESSIONS`,
      };
    case "session.packages": {
      const manager = fieldOf(detail, "manager");
      return manager === null
        ? { title: "Packages installed", detail: tookOf(detail) }
        : { title: `Packages are being installed: ${manager}`, detail: namesOf(detail.packages) };
    }
    case "session.repository": {
      const isBegun = fieldOf(detail, "status") === "cloning";
      const place = [fieldOf(detail, "repository_url"), fieldOf(detail, "mount_path")].filter((each) => each !== null);
      const took = isBegun ? null : tookOf(detail);
      return {
        title: isBegun ? "Repository is being cloned" : "Repository is there",
        detail: place.join(isBegun ? " to " : " at ") + (took === null ? "" : `, ${took}`) || null,
      };
    }
    case "session.egress_refused":
      return { title: TITLES[kind] ?? kind, detail: refusalOf(detail) };
    case "session.error":
      return {
        title:
          errorTitle({
            type: fieldOf(detail.error, "type"),
            environmentId: fieldOf(detail.error, "environment_id"),
            mcpServerName: fieldOf(detail.error, "mcp_server_name"),
          }) ?? "Error",
        detail: reasonOf(detail),
      };
    case "session.status_rescheduled":
      return {
        title: RESCHEDULED[fieldOf(detail, "reason") ?? ""] ?? "Tried again later",
        detail: reasonOf(detail),
      };
    default:
      return {
        title: Object.hasOwn(TITLES, kind) ? (TITLES[kind] ?? "") : "Something that this page has no words for",
        detail: Object.hasOwn(TITLES, kind) ? reasonOf(detail) : plain(kind),
      };
  }
}

/** The name of something that a later release put down, as words. */
function plain(name: string): string {
  return name.replaceAll(/[._]+/g, " ").trim();
}

function tookOf({ duration_ms: ms }: Record<string, unknown>): string | null {
  return typeof ms === "number" ? `in ${formatDuration(ms)}` : null;
}

function namesOf(names: unknown): string | null {
  if (!Array.isArray(names) || names.length === 0) return null;
  const shown = names.slice(0, NAMED).map(String).join(", ");
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}

function refusalOf(detail: Record<string, unknown>): string | null {
  const rule = fieldOf(detail, "rule");
  const said = [fieldOf(detail, "host"), rule === null ? null : ruleWords({ rule })].filter((each) => each !== null);
  return said.join(": ") || null;
}

/** What a log's entry says in one line: the error's message, or why a turn stopped. */
function reasonOf(detail: Record<string, unknown>): string | null {
  const message = fieldOf(detail.error, "message");
  if (message !== null) return message;
  const stop = fieldOf(detail.stop_reason, "type");
  return stop === null || stop === "end_turn" ? null : plain(stop);
}

function fieldOf(value: unknown, name: string): string | null {
  if (typeof value !== "object" || value === null || !(name in value)) return null;
  const field: unknown = Object.entries(value).find(([key]) => key === name)?.[1];
  return typeof field === "string" ? field : null;
}
