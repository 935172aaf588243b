// Brings a session's repositories into its sandbox, before anything else runs there. What can't be cloned is told, and the session goes on.
import type { ResourceStatus } from "../contract/session-resources.ts";
import { type Database, inTransaction, leaseLost } from "../db/database.ts";
import { appendEvents, type Fence } from "../db/events.ts";
import { persistently } from "../db/persistently.ts";
import { listSessionResources, type SessionResourceRow, setResourceOutcome } from "../db/session-resources.ts";
import { lockAndLookFor } from "../db/turn-facts.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import { idFrom, newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { OperationResult, Sandbox } from "../sandboxes/sandbox.ts";
import { CLONE_TIMEOUT_MS, type CloneProblem, cloneProblem, cloneScript } from "./clone-script.ts";

type CloneDeps = { db: Database; onLogGrew: (wakeup: LogWakeup) => void; clock: Clock; logger: Logger };
type CloneInput = {
  sessionId: string;
  teamId: string;
  /** Of whoever holds the session; null: nobody does for this. */
  fence: Fence | null;
  sandbox: Sandbox;
  /** Also those that were there: the disk is another one, or its files are those of another time. */
  again: boolean;
  /** Those that could not be cloned are tried once more; they are unless said otherwise. */
  failedToo?: boolean;
  signal: AbortSignal;
};

/** The sandbox ended during each of them. */
const MAX_TRIES = 3;

/** What the model is told, in words: each time, as it may not have been there the last time. The log has each reason once. Throws `lease_lost`. */
export async function cloneRepositories(deps: CloneDeps, input: CloneInput): Promise<string[]> {
  const { db, clock, logger } = deps;
  const { signal } = input;
  const read = () => listSessionResources(db, input);
  const rows = await persistently(read, { clock, signal, logger });
  const notices: string[] = [];
  for (const row of rows) {
    if (row.status === "ready" && !input.again) continue;
    if (row.status === "failed" && input.failedToo === false) continue;
    const problem = await cloneOne(deps, input, row);
    if (problem === "sandbox gone") break;
    if (problem) notices.push(`Notice: ${problem.message}`);
  }
  return notices;
}

async function cloneOne(
  deps: CloneDeps,
  input: CloneInput,
  row: SessionResourceRow,
): Promise<CloneProblem | null | "sandbox gone"> {
  const { sandbox, signal, sessionId } = input;
  const operation = { kind: "bash", command: cloneScript(row.config), timeoutMs: CLONE_TIMEOUT_MS } as const;
  const begunAt = deps.clock.now();
  // What was there is there again at once, mostly; what failed fails in every turn until somebody mends it.
  if (row.status === "waiting") {
    // A worker before this one may have told it already, and died.
    const eventId = idFrom("event", row.createdAt.getTime(), `${row.id}.${row.attempt} cloning`);
    await put(deps, input, { row, told: toldOf(row, { status: "cloning" }), eventId });
  }
  let result: OperationResult = { outcome: "unknown", content: "", durationMs: 0 };
  let { attempt } = row;
  for (let tries = 0; result.outcome === "unknown" && tries < MAX_TRIES; tries++) {
    // Asked again with the same id, by whichever worker, it attaches; what was cut off begins anew under the next.
    if (tries > 0)
      await put(deps, input, { row: { ...row, attempt: attempt++ }, outcome: { status: "waiting", problem: null } });
    try {
      result = await sandbox.runOperation(`${row.id}.${attempt}`, operation, { signal });
    } catch (error) {
      if (signal.aborted || !hasCode(error, "sandbox_gone")) throw error;
      // The call that wants it finds out, and makes another one.
      deps.logger.warn({ err: error, sessionId, resourceId: row.id }, "the sandbox was lost during a clone");
      return "sandbox gone";
    }
  }
  const problem = cloneProblem(row.config, result, row.credentialId !== null);
  const durationMs = Math.max(0, Math.round(deps.clock.now() - begunAt));
  const isReady = problem === null && row.status !== "ready";
  await put(deps, input, {
    row: { ...row, attempt },
    outcome: { status: problem ? "failed" : "ready", problem: problem?.message ?? null },
    told: isReady ? toldOf(row, { status: "ready", duration_ms: durationMs }) : failureOf(row, problem),
  });
  return problem;
}

type Told = { type: "session.repository" | "session.error"; payload: Record<string, unknown> };

function toldOf({ id, config }: SessionResourceRow, fields: Record<string, unknown>): Told {
  const { url: repository_url, mount_path } = config;
  return { type: "session.repository", payload: { resource_id: id, repository_url, mount_path, ...fields } };
}

/** Null: there is no problem, or it was told before. */
function failureOf(row: SessionResourceRow, problem: CloneProblem | null): Told | null {
  if (problem === null || problem.message === row.problem) return null;
  const { type, message } = problem;
  const error = { type, message, repository_url: row.config.url, retry_status: { type: "retrying" } };
  return { type: "session.error", payload: { error } };
}

/** The outcome and what is told of it, or neither. */
async function put(
  { db, clock, logger, onLogGrew }: CloneDeps,
  { sessionId, fence, signal }: CloneInput,
  found: {
    row: SessionResourceRow;
    outcome?: { status: ResourceStatus; problem: string | null };
    told?: Told | null;
    eventId?: string;
  },
): Promise<void> {
  const { row, outcome, told, eventId = newId("event", clock.now()) } = found;
  const write = () =>
    inTransaction(db, async (tx) => {
      const { held, present } = await lockAndLookFor(tx, { sessionId, fence, eventId, echo: false });
      if (!held) throw leaseLost(sessionId);
      if (present) return null;
      const about = { sessionId, resourceId: row.id, attempt: row.attempt };
      // Somebody else who waited for the same has said it.
      if (outcome && !(await setResourceOutcome(tx, { ...about, ...outcome }))) return null;
      if (!told) return null;
      const event = { id: eventId, ...told, processedAt: new Date(clock.now()) };
      return appendEvents(tx, { sessionId, ...(fence && { fence }), events: [event] });
    });
  const lastSeq = await persistently(write, { clock, signal, logger });
  if (lastSeq !== null) onLogGrew({ sessionId, lastSeq });
}

/** For the model: what lies where. Empty: nothing does. */
export function repositoriesPrompt(rows: readonly Pick<SessionResourceRow, "config">[]): string {
  if (rows.length === 0) return "";
  const lines = rows.map(({ config: { url, mount_path, checkout } }) => {
    const at =
      checkout === null ? "" : checkout.type === "branch" ? `, branch ${checkout.name}` : `, commit ${checkout.sha}`;
    return `- ${mount_path}: ${url}${at}`;
  });
  return `# Repositories\nThese are cloned before your first tool runs. git reaches their hosts without a token of yours: it is put into the requests outside of the sandbox.\n${lines.join("\n")}`;
}
