// The worker: claims sessions that have work, holds as many at once as it may, keeps its leases, takes over from dead workers.
import { createClaims } from "../db/claims.ts";
import {
  type Claim,
  extendLeases,
  giveBackAll,
  type HeldLease,
  listHeldLeases,
  listWorkersWithoutLock,
  takeOverFromDead,
} from "../db/leases.ts";
import { noteWaits } from "../db/team-places.ts";
import { isUnderUpkeep } from "../db/upkeep-leases.ts";
import { type Listener, listenForWakeups } from "../db/wakeups.ts";
import { holdWorkerLock } from "../db/worker-lock.ts";
import { registerWorker, removeWorker, reportHealth, type WorkerIdentity } from "../db/workers.ts";
import type { ModelClient } from "../models/model.ts";
import { createModelWaits } from "../sessions/model-waits.ts";
import type { TurnDependencies } from "../sessions/turn.ts";
import { type HoldEnd, holdSession, type SessionHold } from "../sessions/turns.ts";
import type { OwnerFile } from "./data-owner.ts";
import { every } from "./every.ts";
import { createFilesJob } from "./files-job.ts";
import { createHealthProbe, type WorkerHealth } from "./health.ts";
import { createLoneHolds, type StartAlone } from "./lone-holds.ts";
import { createStrayLeases } from "./stray-leases.ts";
import { createSandboxSweeper } from "./sweep-sandboxes.ts";

const POLL_MS = 1_000;
const MODEL_SILENT_MS = 10_000;
const EXTEND_MS = 10_000;
const LOOK_FOR_DEAD_MS = 400;
const HEALTH_MS = 2_000;
const SWEEP_MS = 10_000;
/** For a wake-up that was not heard, and for what failed before. */
const FILES_MS = 5_000;
const GARBAGE_MS = 900_000;
/** How long a stop waits for holds to let go. */
const STOP_WAIT_MS = 1_500;

export type WorkerOptions = Omit<TurnDependencies, "modelWaits"> & {
  /** For the connections that are no pool's: the lock and the wake-ups. */
  databaseUrl: string;
  identity: WorkerIdentity;
  models: ModelClient;
  /** Sessions at once. */
  concurrency: number;
  /** Sessions of one team at once, of all workers; null: no limit. */
  teamSessions: number | null;
  /** Starts the process that holds a suspect. */
  startAlone: StartAlone;
  /** Names the database to which the data directory belongs. */
  ownerFile: OwnerFile;
  /** Sandboxes that nobody used for so long are put to sleep. */
  sandboxIdleMs: number;
  /** A model request that heard nothing for so long keeps no place from other sessions. */
  modelSilentMs?: number;
  /** How long a stop waits for model requests that are under way. */
  drainMs: number;
  /** How often sandboxes are looked at. */
  sweepMs?: number;
};

export type Worker = {
  readonly running: number;
  /** Resolves once the worker is registered and claims. */
  start(): Promise<void>;
  /** Gives all sessions back, so that another worker goes on at once: what runs in sandboxes is not ended. */
  stop(): Promise<void>;
};

export function createWorker(options: WorkerOptions): Worker {
  const { db, identity, concurrency, clock, logger, notifier } = options;
  const workerId = identity.id;
  const holds = new Map<string, SessionHold>();
  const timers = new Set<NodeJS.Timeout>();
  const stopping = new AbortController();
  const jobs: Promise<void>[] = [];
  let claiming: Promise<void> | null = null;
  let claimAgain = false;
  /** Not for every message that comes: suspects are few, and wait for a process to be started anyway. */
  let lookForSuspects = false;
  let suspects: string[] = [];
  let close: (() => Promise<void>) | null = null;

  const modelWaits = createModelWaits({
    places: concurrency,
    silentAfterMs: options.modelSilentMs ?? MODEL_SILENT_MS,
    clock,
    onSilent: kick,
  });
  const claims = createClaims({ db, workerId, teamLimit: options.teamSessions });
  const strayLeases = createStrayLeases({ db, workerId });
  const alone = createLoneHolds({ ...options, onFree: kickAll, onTerminated: (log) => notifier.logGrew(log) });
  const running = () => holds.size + alone.size;
  /** Of places. */
  const free = () => concurrency - (running() - modelWaits.silent);

  /** Claims what is there; calls while one is under way become one more. */
  function kick(): void {
    if (stopping.signal.aborted) return;
    claimAgain = true;
    claiming ??= claimAll().finally(() => {
      claiming = null;
    });
  }

  function kickAll(): void {
    lookForSuspects = true;
    kick();
  }

  async function claimAll(): Promise<void> {
    try {
      while (claimAgain && !stopping.signal.aborted) {
        claimAgain = false;
        if (lookForSuspects) await alone.claim(free());
        lookForSuspects = false;
        await claims.take({ room: () => (stopping.signal.aborted ? 0 : free()), hold });
      }
    } catch (error) {
      // The poll tries again.
      logger.debug({ err: error }, "sessions could not be claimed");
    }
  }

  function hold(claim: Claim): void {
    const { sessionId } = claim;
    if (stopping.signal.aborted) return;
    // A lease of ours that ran out and was claimed again: the older hold can write nothing any more.
    holds.get(sessionId)?.stop("lost");
    const started = holdSession({ ...options, modelWaits }, claim);
    holds.set(sessionId, started);
    void started.done.then((end) => {
      if (holds.get(sessionId) === started) holds.delete(sessionId);
      logger.debug({ sessionId, how: end.how }, "a session was let go");
      afterHold(end);
    });
  }

  function afterHold(end: HoldEnd): void {
    if (stopping.signal.aborted) return;
    kick();
    if (end.how !== "rested" || end.wakeAt === null) return;
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        kick();
      },
      Math.max(0, end.wakeAt - clock.now()) + 1,
    );
    timers.add(timer);
  }

  function onLog({ sessionId, lastSeq }: { sessionId: string; lastSeq: number }): void {
    const held = holds.get(sessionId);
    if (held) held.wake(lastSeq);
    else kick();
  }

  /** Finds lost leases, wake-ups that were not heard, and leases that nobody works under. */
  async function checkHolds(): Promise<void> {
    const before = [...holds.values()];
    const leases = await listHeldLeases(db, { workerId });
    const held = new Map(leases.map((lease) => [lease.sessionId, lease]));
    const isHeld = ({ sessionId, epoch }: HeldLease) => holds.get(sessionId)?.claim.fence.epoch === epoch;
    const strays = await strayLeases.giveBack(leases, (lease) => isHeld(lease) || isUnderUpkeep(lease));
    if (strays.length > 0) {
      logger.warn({ sessions: strays }, "leases that nobody here worked under were given back");
      kick();
    }
    for (const one of before) {
      const lease = held.get(one.claim.sessionId);
      if (lease?.epoch === one.claim.fence.epoch) one.wake(lease.lastSeq);
      else one.stop("lost");
    }
  }

  async function lookForDead(): Promise<void> {
    const found = await listWorkersWithoutLock(db, { workerId });
    const again = found.filter((id) => suspects.includes(id));
    suspects = found;
    if (again.length === 0) return;
    const freed = await takeOverFromDead(db, { suspects: again });
    logger.warn({ workers: again, sessions: freed.length }, "took over from a dead worker");
    kickAll();
  }

  /** A message that comes before we listen waits for the next poll; not longer than a poll, as the jobs work without it. */
  async function untilConnected(listener: Listener): Promise<void> {
    const deadline = clock.now() + POLL_MS;
    while (!listener.connected && clock.now() < deadline) await clock.sleep(5);
  }

  /** `sessionIds`: null for all that are held. Whoever listens claims them. */
  async function handOver(sessionIds: string[] | null = null): Promise<void> {
    try {
      const freed = await giveBackAll(db, { workerId, sessionIds });
      for (const sessionId of freed) notifier.logGrew({ sessionId, lastSeq: 0 });
    } catch (error) {
      logger.warn({ err: error }, "leases could not be given back; others take them over");
    }
  }

  async function drain(one: SessionHold): Promise<void> {
    one.drain();
    const end = await one.done;
    if (end.how === "stopped") await handOver([one.claim.sessionId]);
  }

  const filesToBringBack = createFilesJob({ ...options, workerId, signal: stopping.signal, onDone: kick });
  const sweeper = createSandboxSweeper({ ...options, workerId, idleMs: options.sandboxIdleMs });
  const probe = createHealthProbe({ ...options, clock });
  async function tellHealth(isHeld: () => boolean): Promise<void> {
    const known = probe.current();
    const health: WorkerHealth = {
      ...known,
      data: sweeper.dataHealth(),
      concurrency,
      webSearch: options.webTools.canSearch,
      running: running(),
    };
    const registered = await reportHealth(db, { workerId, health });
    if (!registered && isHeld()) await registerWorker(db, identity);
  }

  return {
    get running() {
      return running();
    },

    async start() {
      const { databaseUrl: url } = options;
      const applicationName = "berth-worker";
      let onHeld: () => void = () => undefined;
      const registered = new Promise<void>((resolve) => {
        onHeld = resolve;
      });
      const lock = holdWorkerLock({
        url,
        lockKey: identity.lockKey,
        applicationName,
        logger,
        async onHeld() {
          await registerWorker(db, identity);
          onHeld();
        },
      });
      await registered;
      const listener = listenForWakeups({
        url,
        applicationName,
        logger,
        onLog,
        onPreviewsWanted: (sessionId) => holds.get(sessionId)?.repeatPreviews(),
        onListening() {
          for (const one of holds.values()) one.repeatPreviews();
        },
        onFilesWanted: () => filesToBringBack.kick(),
        onReconnect() {
          filesToBringBack.kick();
          for (const one of holds.values()) one.wake(0);
          kick();
        },
      });
      close = async () => {
        await listener.close();
        await lock.close();
      };
      await untilConnected(listener);
      const run = (job: string, intervalMs: number, work: () => Promise<void>) => {
        jobs.push(every({ job, intervalMs, clock, logger, signal: stopping.signal, work }));
      };
      run("look-for-dead-workers", LOOK_FOR_DEAD_MS, lookForDead);
      run("claim", POLL_MS, async () => kickAll());
      run("check-holds", POLL_MS, checkHolds);
      const { teamSessions } = options;
      if (teamSessions !== null) run("note-waits", POLL_MS, () => noteWaits(db, { limit: teamSessions }));
      run("extend-leases", EXTEND_MS, () => extendLeases(db, { workerId }));
      run("tell-health", HEALTH_MS, () => tellHealth(() => lock.held));
      run("bring-back-files", FILES_MS, () => filesToBringBack.run());
      run("sweep-sandboxes", options.sweepMs ?? SWEEP_MS, () => sweeper.sweep());
      run("collect-garbage", GARBAGE_MS, () => options.snapshots.collectGarbage());
    },

    async stop() {
      if (stopping.signal.aborted) return;
      stopping.abort(new Error("the worker stops"));
      for (const timer of timers) clearTimeout(timer);
      await settledWithin(options.drainMs, [...holds.values()].map(drain));
      for (const one of holds.values()) one.stop("stopped");
      alone.stop();
      await settledWithin(STOP_WAIT_MS, [
        claiming,
        alone.ended(),
        filesToBringBack.ended(),
        ...[...holds.values()].map((one) => one.done),
      ]);
      await handOver();
      await removeWorker(db, { workerId }).catch((error: unknown) => {
        logger.warn({ err: error }, "the worker could not sign off");
      });
      await close?.();
    },
  };
}

async function settledWithin(limitMs: number, work: readonly unknown[]): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    late = setTimeout(resolve, limitMs);
  });
  await Promise.race([Promise.all(work), deadline]);
  clearTimeout(late);
}
