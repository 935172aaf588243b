// Job: puts sandboxes that nobody uses to sleep, removes those of deleted sessions, sets aside those that nobody knows.
import type { Database } from "../db/database.ts";
import { readInstallationId } from "../db/installation.ts";
import type { Claim } from "../db/leases.ts";
import {
  deleteRemoval,
  type IdleSandbox,
  listDirtySandboxes,
  listIdleSandboxes,
  listRemovals,
  listRestingSandboxes,
  listUnknownNames,
  markChanging,
  markFound,
  markHibernated,
  noteLateRemovals,
  touchSandbox,
} from "../db/sandboxes.ts";
import { isSessionWanted } from "../db/snapshots.ts";
import { underIdleLease } from "../db/upkeep-leases.ts";
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { SandboxBackend, SandboxInfo } from "../sandboxes/sandbox.ts";
import { KEEP_STRAYS_MS, lifeState, sandboxStates, strayStep } from "../sessions/sandbox-states.ts";
import type { SessionSnapshots } from "../sessions/session-snapshots.ts";
import { checkDataOwner, type DataOwner, type OwnerFile } from "./data-owner.ts";
import { createSlowOnes } from "./slow-ones.ts";

/** A row is believed for so long after its sandbox was used: what is being started is listed by then. */
const ENDED_AFTER_MS = 60_000;
const BATCH = 50;
/** How soon a session that is wanted gets its sandbox back. */
const WANTED_MS = 100;
/** After a turn's end files are kept once nothing used them for this long, and no more often than that. */
const QUIET_MS = 10_000;
const SPACING_MS = 60_000;
/** A store that is away is not asked for each session. */
const STORE_PAUSE_MS = 60_000;
/** One whose sandbox has more files than are kept, or tells nonsense of them, is tried again after this time. */
const PUT_OFF_MS = 600_000;
/** That files are kept is waited for so long; then the next one has its turn, and this one goes on by itself. */
const PATIENCE_MS = 60_000;
/** And no longer in all, whatever it says meanwhile. */
const KEEP_MS = 30 * 60_000;
const SNAPSHOTS_A_SWEEP = 5;
const SESSION_PREFIX = "sesn_";
/** What nobody wrote down at its time. */
const MISSED = {
  hibernated: "a sandbox had ended by itself; its disk is there",
  running: "a sandbox ran that was written down as hibernated",
};

/** Of what a sandbox says of its files; see `takeSnapshot`. */
const OWN_FAULTS = ["request_too_large", "sandbox_unavailable", "invalid_request"] as const;

/** What `/readyz` tells of the data directory. */
export type DataHealth = {
  ours: boolean;
  detail: string;
  /** Sandboxes that no session knows. */
  setAside: number;
  /** Sandboxes that should run, and whose disk is not there. */
  missing: number;
};

export type SandboxSweeper = {
  sweep(): Promise<void>;
  /** As the last sweep found it; null before. */
  dataHealth(): DataHealth | null;
};

export function createSandboxSweeper(options: {
  db: Database;
  backend: SandboxBackend;
  ownerFile: OwnerFile;
  workerId: string;
  idleMs: number;
  snapshots: SessionSnapshots;
  clock: Clock;
  logger: Logger;
  /** How long one sandbox keeps the others waiting; shorter in tests. */
  patienceMs?: number;
}): SandboxSweeper {
  const { db, backend, ownerFile, workerId, idleMs, snapshots, clock, logger, patienceMs = PATIENCE_MS } = options;
  const slow = createSlowOnes({ patienceMs, now: () => clock.now(), logger });
  /** When each stray was first seen. */
  const strays = new Map<string, number>();
  /** Those that should run and are lost, as the last sweep found them: each is told once. */
  let missing: ReadonlySet<string> = new Set();
  let health: DataHealth | null = null;
  let snapshotsFrom = 0;

  /** One that resists must not keep the others. */
  async function attempt(name: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      logger.warn({ err: error, sandboxId: name }, "a sandbox could not be put to sleep or removed; tried again later");
    }
  }

  /**
   * Takes a snapshot, unless somebody wants the session meanwhile. `failed` leaves the disk as the only place, and is the sandbox's own
   * fault; `away` is the store's, or anybody else's.
   */
  async function keepFiles(
    { sessionId, fence }: Claim,
    name: string,
    reason: "idle" | "turn" | "request",
  ): Promise<"kept" | "wanted" | "gone" | "failed" | "away"> {
    let outcome: "kept" | "gone" | "failed" | "away" = "away";
    const wanted = new AbortController();
    const over = new AbortController();
    const watching = (async () => {
      while (!over.signal.aborted) {
        if (await isSessionWanted(db, { sessionId })) wanted.abort(new Error("the session is wanted"));
        if (wanted.signal.aborted) return;
        await clock.sleep(WANTED_MS, over.signal).catch(() => undefined);
      }
    })();
    // Without it the files are kept all the same.
    watching.catch((error: unknown) => logger.debug({ err: error }, "a session could not be watched"));
    const tooLong = AbortSignal.timeout(KEEP_MS);
    try {
      const sandbox = await backend.open(name);
      // What goes on working in the background after a turn is left alone.
      if (reason === "idle") await sandbox.quiesce();
      await snapshots.take({ sessionId, sandbox, reason, fence, signal: AbortSignal.any([wanted.signal, tooLong]) });
      outcome = "kept";
    } catch (error) {
      if (hasCode(error, "sandbox_gone")) outcome = "gone";
      else if (tooLong.aborted || OWN_FAULTS.some((code) => hasCode(error, code))) outcome = "failed";
      if (outcome !== "gone" && !wanted.signal.aborted)
        logger.warn({ err: error, sessionId, reason }, "no snapshot of a sandbox could be taken; its disk stays");
    } finally {
      over.abort();
      await watching.catch(() => undefined);
    }
    return wanted.signal.aborted ? "wanted" : outcome;
  }

  /** Those in which something runs at this moment, of its own accord too: they say that they were used last just now. */
  async function listBusy(): Promise<Set<string>> {
    const asked = clock.now();
    const infos = await backend.list();
    return new Set(infos.filter((one) => one.state === "running" && one.lastUsedAt >= asked).map(({ name }) => name));
  }

  /** Under the session's lease too; a turn that is wanted meanwhile waits for a moment only. */
  async function keepChanged(): Promise<void> {
    const busy = await listBusy();
    await markChanging(db, { names: [...busy] });
    if (clock.now() < snapshotsFrom) return;
    const wanted = { backend: backend.id, quietMs: QUIET_MS, spacingMs: SPACING_MS, limit: SNAPSHOTS_A_SWEEP };
    for (const one of await listDirtySandboxes(db, { ...wanted, except: slow.except() })) {
      const keep = () =>
        underIdleLease(db, { workerId, sessionId: one.sessionId }, async (claim) => {
          const outcome = await keepFiles(claim, one.name, one.requested ? "request" : "turn");
          // What it writes from here on is looked at once more, even if it ends before the next sweep.
          if (outcome === "kept" && busy.has(one.name)) await markChanging(db, { names: [one.name] });
          if (outcome === "failed") slow.putOff(one.name, PUT_OFF_MS);
          return outcome;
        });
      const kept = await slow.run(one, keep);
      if (kept?.result !== "away") continue;
      snapshotsFrom = clock.now() + STORE_PAUSE_MS;
      return;
    }
  }

  /** Of these, what the sandboxes themselves say is in use: a terminal that is open, a process in the background. */
  async function spareUsed(idle: readonly (IdleSandbox & { idleMs: number })[]): Promise<IdleSandbox[]> {
    if (idle.length === 0) return [];
    const now = clock.now();
    const infos = await backend.list();
    const usedAt = new Map(infos.flatMap((one) => (one.state === "running" ? [[one.name, one.lastUsedAt]] : [])));
    const isUsed = (one: (typeof idle)[number]) => (usedAt.get(one.name) ?? 0) > now - one.idleMs;
    for (const one of idle) if (isUsed(one)) await touchSandbox(db, one);
    return idle.filter((one) => !isUsed(one));
  }

  /** Under the session's lease, so that no turn can begin meanwhile. */
  async function hibernateIdle(): Promise<void> {
    const wanted = { backend: backend.id, idleMs, except: slow.except(), limit: BATCH };
    for (const one of await spareUsed(await listIdleSandboxes(db, wanted))) {
      const { sessionId, name } = one;
      const sleep = async (claim: Claim) => {
        if ((await keepFiles(claim, name, "idle")) === "wanted") return;
        await backend.hibernate(name);
        await markHibernated(db, { sessionId });
        logger.info({ sessionId, sandboxId: name }, "an idle sandbox was hibernated");
      };
      await slow.run(one, () =>
        underIdleLease(db, { workerId, sessionId }, (claim) => attempt(name, () => sleep(claim))),
      );
    }
  }

  async function destroyRemoved(): Promise<void> {
    for (const name of await listRemovals(db, { backend: backend.id, limit: BATCH })) {
      await attempt(name, async () => {
        await backend.destroy(name);
        await snapshots.forgetSession(name);
        await deleteRemoval(db, { name });
        logger.info({ sandboxId: name }, "the sandbox of a deleted session was removed");
      });
    }
  }

  /** Told once when it changes: whoever started Berth on another database must see it. */
  function noteOwner(owner: DataOwner): void {
    if (!owner.ours && health?.detail !== owner.detail) logger.error(owner.detail);
    if (owner.ours && health?.ours === false) logger.info("the data directory belongs to this database again");
  }

  async function sweepStrays(): Promise<void> {
    const infos = (await backend.list()).filter((info) => info.name.startsWith(SESSION_PREFIX));
    const names = infos.map((info) => info.name);
    const unknown = new Set(names.length === 0 ? [] : await listUnknownNames(db, { names }));
    const deleted = new Set(await noteLateRemovals(db, { names: [...unknown], backend: backend.id }));
    for (const name of deleted) unknown.delete(name);
    const owner = await checkDataOwner(ownerFile, await readInstallationId(db), {
      all: names.length,
      known: names.length - unknown.size,
    });
    noteOwner(owner);
    if (!owner.ours) {
      strays.clear();
      health = { ours: false, detail: owner.detail, setAside: 0, missing: 0 };
      return;
    }
    for (const info of infos) {
      if (unknown.has(info.name)) await attempt(info.name, () => sweepStray(info));
      else if (!deleted.has(info.name)) await attempt(info.name, () => spare(info));
    }
    for (const name of strays.keys()) if (!unknown.has(name)) strays.delete(name);
    if (deleted.size > 0) await destroyRemoved();
    const gone = await compareRows(infos);
    const told = describeStrays(infos.filter((info) => unknown.has(info.name)));
    health = { ours: true, ...told, detail: told.detail + describeMissing(gone), missing: gone };
  }

  /**
   * The other way round: rows are held against what is there. One that ended by itself sleeps, and one that was woken by somebody
   * who died of it runs: their rows say so from here on. Returns how many are lost; those only a turn can bring back.
   */
  async function compareRows(infos: readonly SandboxInfo[]): Promise<number> {
    const found = new Map(infos.map((info) => [info.name, info]));
    const running = infos.flatMap(({ name, state }) => (state === "running" ? [name] : []));
    const lost = new Set<string>();
    const wanted = { backend: backend.id, quietMs: ENDED_AFTER_MS, names: running };
    for (const { sessionId, name, ...row } of await listRestingSandboxes(db, wanted)) {
      const info = found.get(name) ?? null;
      const { sweep } = sandboxStates[lifeState({ session: true, row, found: info })];
      if (sweep === "tell") lost.add(name);
      if (!info || info.state === row.state) continue;
      // Of a lost one the row goes on to say that it should run; but whatever runs is put to sleep one day.
      if (sweep !== "write-down" && info.state !== "running") continue;
      if (await markFound(db, { sessionId, from: row.state, to: info.state, quietMs: ENDED_AFTER_MS }))
        logger.warn({ sessionId, sandboxId: name }, MISSED[info.state]);
    }
    for (const name of lost)
      if (!missing.has(name)) logger.warn({ sandboxId: name }, "a sandbox that should run is not on this machine");
    missing = lost;
    return lost.size;
  }

  async function sweepStray({ name, setAsideAt }: SandboxInfo): Promise<void> {
    const now = clock.now();
    const since = strays.get(name) ?? now;
    strays.set(name, since);
    const step = strayStep({ since, setAsideAt, now });
    if (step === "set-aside") {
      await backend.setAside(name);
      const removedAt = new Date(now + KEEP_STRAYS_MS).toISOString();
      logger.warn({ sandboxId: name, removedAt }, "a sandbox that no session knows was set aside; its disk is kept");
    } else if (step === "remove") {
      await backend.destroy(name);
      strays.delete(name);
      logger.warn({ sandboxId: name }, "a sandbox that no session has known for seven days was removed");
    }
  }

  async function spare({ name, setAsideAt }: SandboxInfo): Promise<void> {
    if (setAsideAt === null) return;
    await backend.takeBack(name);
    logger.info({ sandboxId: name }, "a sandbox that was set aside is known again");
  }

  return {
    dataHealth: () => health,
    async sweep() {
      await hibernateIdle();
      await keepChanged();
      await destroyRemoved();
      await sweepStrays();
    },
  };
}

/** Pure. */
function describeMissing(count: number): string {
  if (count === 0) return "";
  const what = count === 1 ? "One sandbox that should run is" : `${count} sandboxes that should run are`;
  return ` ${what} not on this machine; at its session's next use it is made anew, with the files of its last snapshot.`;
}

/** Pure. */
function describeStrays(strays: readonly SandboxInfo[]): { detail: string; setAside: number } {
  const times = strays.flatMap(({ setAsideAt }) => (setAsideAt === null ? [] : [setAsideAt]));
  const setAside = times.length;
  if (setAside === 0) return { setAside, detail: "The sandboxes' disks belong to this database." };
  const first = new Date(Math.min(...times) + KEEP_STRAYS_MS).toISOString().slice(0, 10);
  const what =
    setAside === 1 ? "One sandbox that no session knows is" : `${setAside} sandboxes that no session knows are`;
  return {
    setAside,
    detail: `${what} set aside, and removed from ${first} on. If their sessions are missing, restore a later backup of the database before.`,
  };
}
