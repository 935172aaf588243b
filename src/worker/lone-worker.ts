// A worker that holds one session and nothing else, in a process of its own: whatever the session does to it, it does to nobody else.
import { type Claim, extendLeases, giveBackAll, listHeldLeases } from "../db/leases.ts";
import { handBack } from "../db/suspects.ts";
import { listenForWakeups } from "../db/wakeups.ts";
import { holdWorkerLock } from "../db/worker-lock.ts";
import { registerWorker, removeWorker, reportHealth, type WorkerIdentity } from "../db/workers.ts";
import type { TurnDependencies } from "../sessions/turn.ts";
import { holdSession, type SessionHold } from "../sessions/turns.ts";
import { every } from "./every.ts";

const CHECK_MS = 1_000;
const EXTEND_MS = 10_000;
/** So long it may wait for a tool before others have their turn at being held alone. A result that is there already comes at once. */
const WAIT_MS = 5_000;

export type LoneWorkerOptions = Omit<TurnDependencies, "modelWaits"> & {
  databaseUrl: string;
  identity: WorkerIdentity;
  claim: Claim;
  /** The work on the session begins: if this process dies from here on, the session may have been the cause … */
  onHolding: () => void;
  /** … until here. */
  onLetGo: () => void;
};

export type LoneWorker = {
  /** Resolves when the session is given back, whoever has it now. */
  readonly done: Promise<void>;
  /** Gives it back at once. */
  stop(): void;
};

export function runLoneWorker(options: LoneWorkerOptions): LoneWorker {
  const stopping = new AbortController();
  return { done: run(options, stopping.signal), stop: () => stopping.abort(new Error("the worker stops")) };
}

async function run(options: LoneWorkerOptions, stopped: AbortSignal): Promise<void> {
  const { db, databaseUrl: url, identity, claim, clock, logger, notifier } = options;
  const workerId = identity.id;
  const over = new AbortController();
  const lock = await takeLock(options, () => registerWorker(db, identity));
  let hold: SessionHold | null = null;
  const listener = listenForWakeups({
    url,
    applicationName: "berth-worker",
    logger,
    onLog: ({ sessionId, lastSeq }) => sessionId === claim.sessionId && hold?.wake(lastSeq),
    onPreviewsWanted: (sessionId) => sessionId === claim.sessionId && hold?.repeatPreviews(),
    onListening: () => hold?.repeatPreviews(),
    onReconnect: () => hold?.wake(0),
  });
  const jobs: Promise<void>[] = [];
  try {
    if (stopped.aborted) return;
    options.onHolding();
    const held = holdSession({ ...options, modelWaits: null, alone: true }, claim);
    hold = held;
    stopped.addEventListener("abort", () => held.stop("stopped"), { once: true });
    const health = { alone: claim.sessionId, running: 1, concurrency: 1 };
    const check = async () => {
      const [lease] = await listHeldLeases(db, { workerId });
      if (lease?.epoch === claim.fence.epoch) held.wake(lease.lastSeq);
      else held.stop("lost");
      if (held.waitingSince !== null && clock.now() - held.waitingSince > WAIT_MS) held.stop("stopped");
      const known = await reportHealth(db, { workerId, health });
      if (!known && lock.held) await registerWorker(db, identity);
    };
    const run = (job: string, intervalMs: number, work: () => Promise<void>) =>
      jobs.push(every({ job, intervalMs, clock, logger, signal: over.signal, work }));
    run("check-hold", CHECK_MS, check);
    run("extend-lease", EXTEND_MS, () => extendLeases(db, { workerId }));
    const end = await held.done;
    options.onLetGo();
    logger.info({ sessionId: claim.sessionId, how: end.how }, "a session that was held alone was let go");
  } finally {
    over.abort(new Error("it was let go"));
    await Promise.all(jobs);
    // A stop says nothing about the session: it stays a suspect.
    await (stopped.aborted ? giveBackAll(db, { workerId, sessionIds: null }) : handBack(db, claim));
    await removeWorker(db, { workerId });
    notifier.logGrew({ sessionId: claim.sessionId, lastSeq: 0 });
    await listener.close();
    await lock.close();
  }
}

async function takeLock({ databaseUrl: url, identity, logger }: LoneWorkerOptions, register: () => Promise<void>) {
  const registered = Promise.withResolvers<void>();
  const lock = holdWorkerLock({
    url,
    lockKey: identity.lockKey,
    applicationName: "berth-worker",
    logger,
    async onHeld() {
      await register();
      registered.resolve();
    },
  });
  await registered.promise;
  return lock;
}
