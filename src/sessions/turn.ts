// What the steps of a turn share: the session's log, its facts, its sandbox, and how a step is interrupted.
import type { Database } from "../db/database.ts";
import type { NewEvent, SessionChanges } from "../db/events.ts";
import type { Claim } from "../db/leases.ts";
import type { TurnFacts } from "../db/turn-facts.ts";
import type { Notifier } from "../db/wakeups.ts";
import type { Harness } from "../harnesses/harness.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { SandboxBackend, SandboxSpec } from "../sandboxes/sandbox.ts";
import type { WebTools } from "../web-tools/web-tools.ts";
import type { ModelWaits } from "./model-waits.ts";
import type { OutputPreviews } from "./output-previews.ts";
import type { SessionLog } from "./session-log.ts";
import type { McpAccess, SessionMcp } from "./session-mcp.ts";
import type { SessionSandbox } from "./session-sandbox.ts";
import type { SessionSnapshots } from "./session-snapshots.ts";

export type TurnDependencies = {
  db: Database;
  notifier: Pick<Notifier, "logGrew" | "preview">;
  harness: Harness;
  backend: SandboxBackend;
  webTools: WebTools;
  sandboxSpec: SandboxSpec;
  snapshots: SessionSnapshots;
  clock: Clock;
  logger: Logger;
  /** For jitter: 0 ≤ x < 1. */
  random: () => number;
  /** Sandboxes of one team that run at once; null: no limit. */
  teamSandboxes: number | null;
  /** How MCP servers are reached; null: none are. */
  mcp: McpAccess | null;
  /** Null: this is the only session that is held here. */
  modelWaits: ModelWaits | null;
  /** The session is a suspect, and nothing else is held here: it is let go of as soon as it got on. */
  alone?: true;
};

export type Turn = {
  readonly deps: TurnDependencies;
  readonly claim: Claim;
  readonly log: SessionLog;
  readonly sandbox: SessionSandbox;
  readonly mcp: SessionMcp;
  readonly logger: Logger;
  /** Where the log ended when the present step was decided on. */
  readonly decidedAt: number;
  /** Read at the claim and again when something changed. */
  readonly facts: TurnFacts;
  /** Calls that could be run when this worker claimed the session: another one may have begun them. */
  readonly inherited: ReadonlySet<string>;
  /** Aborted when the lease is lost or the worker stops; nothing may be written after it. */
  readonly stopped: AbortSignal;
  /** Of the commands that run. */
  readonly outputs: Set<OutputPreviews>;
  /** Runs `work` with a signal that an interrupt of the user aborts at once, as does `stopped`. */
  interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Reads the facts again. Throws `lease_lost`. */
  refreshFacts(): Promise<void>;
};

/** An entry of the log that is in the conversation as soon as it is written. */
export function newEvent(
  turn: Turn,
  type: string,
  payload: Record<string, unknown> = {},
  extra: { id?: string; private?: Record<string, unknown> } = {},
): NewEvent {
  const now = turn.deps.clock.now();
  return {
    id: extra.id ?? newId("event", now),
    type,
    payload,
    private: extra.private ?? null,
    processedAt: new Date(now),
  };
}

/** The same event again, where it enters the conversation. */
export function echoOf(turn: Turn, eventId: string): NewEvent {
  const queued = turn.log.conversation.queued.get(eventId);
  if (!queued) throw new Error(`event ${eventId} is not in the queue`);
  const { id, type, payload } = queued;
  return { id, type, payload, processedAt: new Date(turn.deps.clock.now()), echo: true };
}

/** What makes the session run, if it does not yet. */
export function becomeRunning(turn: Turn): { events: NewEvent[]; changes: SessionChanges } {
  if (turn.log.conversation.status === "running") return { events: [], changes: {} };
  return { events: [newEvent(turn, "session.status_running")], changes: { status: "running", stopReason: null } };
}

/** With an answer or a result: a session that gets on does not harm its workers, however often they died. */
export function gotOn(turn: Turn): SessionChanges {
  if (isTrusted(turn)) return {};
  turn.facts.failedClaims = 0;
  turn.facts.failuresAlone = 0;
  return { forgetFailedClaims: true };
}

/** No worker has failed with it since it got on last. */
export function isTrusted(turn: Turn): boolean {
  return turn.facts.failedClaims === 0 && turn.facts.failuresAlone === 0;
}
