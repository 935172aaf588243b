// All sandboxes of one host by name: made, claimed from a small pool of blank running ones, hibernated, woken, removed.
import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { hasCode, messageOf, PlatformError } from "../../lib/errors.ts";
import { createQueue, createSemaphore } from "../../lib/turns.ts";
import { withPackages } from "../packages-in-sandbox.ts";
import type { SandboxInfo, SandboxLimits, SandboxSeed, SandboxSpec } from "../sandbox.ts";
import { type LiveSandbox, startSandbox, type Workshop } from "./live-sandbox.ts";
import type { PackageStore, UsedPackages } from "./package-store.ts";
import { isSandboxName, type Records, type SandboxRecord } from "./records.ts";

const HEALTH_TIMEOUT_MS = 1000;
/** After a blank could not be made, the pool waits this long before it tries again. */
const REFILL_PAUSE_MS = 5000;
/** Of disks, at the same time: more of them only make each slower. */
const COPIES = 2;
/** A copy of a disk with so many times what is wanted of it takes as long as bringing that from a snapshot. */
const MAX_COPIED = 4;
/** What an empty file system takes, and more. */
const COPIED_ANYWAY_BYTES = 64 * 1024 * 1024;

/** `packagesKey`: of the packages that it was started with; null: none. */
type Owned = {
  path: string;
  record: SandboxRecord;
  live: LiveSandbox;
  limits: SandboxLimits;
  packagesKey: string | null;
};
/** A warning, unless it says otherwise. */
export type FleetLog = (event: string, fields: Record<string, unknown>, level?: "info") => void;

export type FleetOptions = {
  workshop: Workshop;
  records: Records;
  packages: PackageStore;
  /** Limits of blank sandboxes. One that is asked for with another disk size or, without cgroups, other limits is made anew. */
  defaultLimits: SandboxLimits;
  warm: number;
  log: FleetLog;
};

/** How the platform reaches a running sandbox. */
export type Access = { identity: string; socketPath: string; token: string };
export type Fleet = ReturnType<typeof createFleet>;

export function createFleet({ workshop, records, packages, defaultLimits, warm, log }: FleetOptions) {
  const running = new Map<string, Owned>();
  const inOrder = createQueue<string>();
  const starts = createSemaphore(2 * availableParallelism());
  const copies = createSemaphore(COPIES);
  /** Blank sandboxes, ready or on their way. */
  const pool: Promise<Owned>[] = [];
  let foreground = 0;
  let closing = false;
  let refillAt = 0;
  let refillTimer: NodeJS.Timeout | null = null;
  let refilling = false;

  async function makeBlank(
    limits: SandboxLimits,
    env: Readonly<Record<string, string>>,
    used: UsedPackages | null,
    seeded: Awaited<ReturnType<typeof makeDisk>> | null = null,
  ): Promise<Owned> {
    const made = seeded ?? (await makeDisk(limits));
    try {
      const live = await startSandbox(workshop, { ...made, limits, env, packages: used });
      return { ...made, live, limits, packagesKey: used?.key ?? null };
    } catch (error) {
      await records.remove(made.path);
      throw error;
    }
  }

  function makeDisk(limits: SandboxLimits) {
    return records.make(limits.diskMb, (path) => workshop.disks.make(path, { diskMb: limits.diskMb }));
  }

  /** Null: it begins blank, as any other. */
  async function makeSeeded({ name, wantedBytes }: SandboxSeed, limits: SandboxLimits) {
    const beganAt = Date.now();
    const copy = () => copyOf(name, limits, wantedBytes);
    try {
      // Where it has to be still it can't be woken meanwhile.
      const made = await (workshop.disks.copiesInUse ? copy() : inOrder(name, copy));
      const durationMs = Date.now() - beganAt;
      log("a disk begins as a copy of another one", { from: name, how: made.how, durationMs }, "info");
      return made;
    } catch (error) {
      log("a disk begins blank, since the other one could not be copied", { from: name, reason: messageOf(error) });
      return null;
    }
  }

  async function copyOf(name: string, limits: SandboxLimits, wantedBytes: number) {
    const from = seedable(name, limits);
    if (!from) throw new Error("it is gone");
    const mountPoint = join(workshop.mountDir, `copy-${randomBytes(6).toString("hex")}`);
    const maxBytes = MAX_COPIED * wantedBytes + COPIED_ANYWAY_BYTES;
    const mountedAt = running.get(name)?.live.diskDir ?? null;
    const about = { directory: from.path, mountedAt, maxBytes };
    let how: "shared" | "copied" = "copied";
    const made = await records.make(limits.diskMb, async (directory, uid) => {
      const to = { directory, mountPoint, uid: uid ?? process.getuid?.() ?? 0 };
      how = await workshop.disks.copy(about, to);
    });
    return { ...made, how };
  }

  /** One of another size would give a sandbox more, or less, than it may have. */
  function seedable(name: string, limits: SandboxLimits): { path: string } | null {
    const found = records.find(name);
    return found?.record.diskMb === limits.diskMb ? found : null;
  }

  /** Fills the pool one by one, only while nobody waits for a start. */
  function refill(): void {
    if (closing || refilling || refillTimer || pool.length >= warm || foreground > 0) return;
    const pause = refillAt - Date.now();
    if (pause > 0) {
      refillTimer = setTimeout(() => {
        refillTimer = null;
        refill();
      }, pause);
      return;
    }
    refilling = true;
    const making = makeBlank(defaultLimits, {}, null);
    pool.push(making);
    const again = () => {
      refilling = false;
      refill();
    };
    making.then(
      (blank) => {
        // A blank that ends by itself leaves the pool.
        void blank.live.ended.then(() => dropBlank(making, blank));
        again();
      },
      (error: unknown) => {
        remove(pool, making);
        refillAt = Date.now() + REFILL_PAUSE_MS;
        log("no blank sandbox could be started", { reason: messageOf(error) });
        again();
      },
    );
  }

  function dropBlank(making: Promise<Owned>, blank: Owned): void {
    if (!remove(pool, making)) return;
    void records.remove(blank.path).then(refill, (error: unknown) => {
      log("a blank sandbox's disk could not be removed", { reason: messageOf(error) });
    });
  }

  async function throwAway(blank: Owned): Promise<void> {
    try {
      await blank.live.end();
      await records.remove(blank.path);
    } catch (error) {
      log("a blank sandbox could not be removed", { path: blank.path, reason: messageOf(error) });
    }
  }

  function fits(limits: SandboxLimits): boolean {
    if (limits.diskMb !== defaultLimits.diskMb) return false;
    if (workshop.cgroups) return true;
    return limits.memoryMb === defaultLimits.memoryMb && limits.pids === defaultLimits.pids;
  }

  /** A blank from the pool, also one on its way, since it is ahead of any that began now. */
  async function takeBlank(limits: SandboxLimits): Promise<Owned | null> {
    const making = fits(limits) ? pool.shift() : undefined;
    if (!making) return null;
    let blank: Owned | null = null;
    try {
      blank = await making;
      blank.live.setLimits(limits);
      return { ...blank, limits };
    } catch (error) {
      log("a blank sandbox was not usable", { reason: messageOf(error) });
      if (blank) void throwAway(blank);
      return null;
    }
  }

  function own(name: string, owned: Owned): Owned {
    running.set(name, owned);
    void owned.live.ended.then(() => {
      if (running.get(name) === owned) running.delete(name);
    });
    return owned;
  }

  async function start(name: string, spec: SandboxSpec): Promise<Owned> {
    const used = spec.packages ? await packages.use(spec.packages) : null;
    try {
      const owned = await startWith(name, spec, used);
      if (used) void owned.live.ended.then(used.release);
      return owned;
    } catch (error) {
      used?.release();
      throw error;
    }
  }

  async function startWith(name: string, spec: SandboxSpec, used: UsedPackages | null): Promise<Owned> {
    const env = envOf(spec);
    const existing = backInUse(name);
    if (existing) {
      const limits = { ...spec.limits, diskMb: existing.record.diskMb };
      const live = await starts(() => startSandbox(workshop, { ...existing, limits, env, packages: used }));
      return own(name, { ...existing, live, limits, packagesKey: used?.key ?? null });
    }
    // What is mounted in one that runs already can't be changed any more.
    const seed = spec.seed && seedable(spec.seed.name, spec.limits) ? spec.seed : null;
    const warmed = used || seed ? null : await takeBlank(spec.limits);
    // Before its turn to start: a copy may take a minute, in which others start.
    const seeded = seed && (await copies(() => makeSeeded(seed, spec.limits)));
    const blank = warmed ?? (await starts(() => makeBlank(spec.limits, env, used, seeded)));
    try {
      if (warmed) await warmed.live.client.setEnv(env);
      const path = records.claim(blank.path, name);
      return own(name, { ...blank, path });
    } catch (error) {
      await blank.live.end();
      await records.remove(blank.path);
      throw error;
    }
  }

  /** A sandbox that is asked for is somebody's, whoever set it aside before. */
  function backInUse(name: string): { path: string; record: SandboxRecord } | null {
    const existing = records.find(name);
    if (!existing || existing.record.setAsideAt === null) return existing;
    const record = { ...existing.record, setAsideAt: null };
    records.write(existing.path, record);
    return { ...existing, record };
  }

  async function create(name: string, spec: SandboxSpec): Promise<Access> {
    if (!isSandboxName(name)) throw new PlatformError("invalid_request", `not a sandbox name: ${JSON.stringify(name)}`);
    if (closing) throw new PlatformError("sandbox_unavailable", "sandboxes are being stopped");
    foreground += 1;
    try {
      return await inOrder(name, async () => {
        const present = running.get(name);
        if (present && (await hasItsDisk(name, present)) && (await takesOver(present, spec))) return accessTo(present);
        return accessTo(await start(name, spec));
      });
    } finally {
      foreground -= 1;
      refill();
    }
  }

  /** False: its directory vanished under it, and with its end its files will be gone. It is ended, so that nobody works on them any more. */
  async function hasItsDisk(name: string, { record, live }: Owned): Promise<boolean> {
    if (records.find(name)?.record.identity === record.identity) return true;
    log("the disk of a running sandbox is gone, and it is ended", { sandboxId: name });
    await live.end();
    return false;
  }

  /** Packages that it is to have are there, and not in it. */
  function lacks(packagesKey: string | null, { packages: set }: SandboxSpec): boolean {
    return set !== undefined && packages.isStored(set) && packages.keyOf(set) !== packagesKey;
  }

  /** Gives a running one its present variables and limits. One that is on its way out, or stuck, is ended. */
  async function takesOver({ live, path, packagesKey }: Owned, spec: SandboxSpec): Promise<boolean> {
    if (lacks(packagesKey, spec)) {
      log("a sandbox is started again with its disk, for its environment has other packages now", { path });
      await live.end();
      return false;
    }
    try {
      await live.client.setEnv(envOf(spec));
    } catch (error) {
      // Silent, or not our runner any more: the next one begins with the disk as it is.
      if (!hasCode(error, "sandbox_gone") && !hasCode(error, "sandbox_unavailable")) throw error;
      log("a sandbox does not answer and is ended", { path, reason: messageOf(error.cause ?? error) });
      await live.end();
      return false;
    }
    try {
      live.setLimits(spec.limits);
    } catch (error) {
      // It goes on with those that it has, which were good enough until now.
      log("a running sandbox keeps its limits", { path, reason: messageOf(error) });
    }
    return true;
  }

  function accessTo({ live }: Owned): Access {
    return { identity: live.identity, socketPath: live.socketPath, token: live.token };
  }

  /** How to reach a running one; null when it is not running. */
  function find(name: string): Access | null {
    const owned = running.get(name);
    return owned ? accessTo(owned) : null;
  }

  async function endRunning(name: string): Promise<void> {
    const owned = running.get(name);
    if (!owned) return;
    try {
      records.write(owned.path, { ...owned.record, lastUsedAt: await lastUsedAt(owned) });
    } catch (error) {
      // Its directory vanished, or nothing can be written: it is ended all the same, and was last used when its record says.
      log("the record of a sandbox could not be written", { sandboxId: name, reason: messageOf(error) });
    }
    await owned.live.end();
  }

  /** With a socket's path, only the life that has it. */
  function hibernate(name: string, socketPath?: string): Promise<void> {
    return inOrder(name, async () => {
      if (socketPath !== undefined && running.get(name)?.live.socketPath !== socketPath) return;
      await endRunning(name);
    });
  }

  function setAside(name: string): Promise<void> {
    return inOrder(name, async () => {
      await endRunning(name);
      const existing = records.find(name);
      if (existing?.record.setAsideAt === null)
        records.write(existing.path, { ...existing.record, setAsideAt: Date.now() });
    });
  }

  function takeBack(name: string): Promise<void> {
    return inOrder(name, async () => void backInUse(name));
  }

  function destroy(name: string): Promise<void> {
    return inOrder(name, async () => {
      const existing = records.find(name);
      await running.get(name)?.live.end();
      if (existing) await records.remove(existing.path);
    });
  }

  async function lastUsedAt({ live, record }: Owned): Promise<number> {
    try {
      const health = await live.client.health(AbortSignal.timeout(HEALTH_TIMEOUT_MS));
      // What a sandbox says about itself can't be later than now.
      return Math.min(health.lastUsedAt, Date.now());
    } catch {
      // It is ending, or busy to the last process: the record's time has to do.
      return record.lastUsedAt;
    }
  }

  async function list(): Promise<SandboxInfo[]> {
    const found = await Promise.all(
      records.names().map(async (name): Promise<SandboxInfo | null> => {
        const owned = running.get(name);
        const record = owned?.record ?? records.find(name)?.record;
        if (!record) return null;
        const usedAt = owned ? await lastUsedAt(owned) : record.lastUsedAt;
        return {
          name,
          identity: record.identity,
          state: owned ? "running" : "hibernated",
          lastUsedAt: usedAt,
          memoryBytes: owned?.live.memoryBytes() ?? null,
          setAsideAt: record.setAsideAt,
        };
      }),
    );
    return found.filter((info) => info !== null);
  }

  /** Ends every sandbox; disks stay. */
  async function close(): Promise<void> {
    closing = true;
    if (refillTimer) clearTimeout(refillTimer);
    const blanks = pool.splice(0).map(async (making) => {
      const blank = await making.catch(() => null);
      if (!blank) return;
      await blank.live.end();
      await records.remove(blank.path);
    });
    const ends = [...running.keys()].map((name) => inOrder(name, () => endRunning(name)));
    const results = await Promise.allSettled([...blanks, ...ends]);
    for (const result of results) {
      if (result.status === "rejected") log("a sandbox did not end cleanly", { reason: messageOf(result.reason) });
    }
  }

  refill();
  return { create, find, hibernate, setAside, takeBack, destroy, list, close };
}

function remove<T>(items: T[], item: T): boolean {
  const index = items.indexOf(item);
  if (index >= 0) items.splice(index, 1);
  return index >= 0;
}

function envOf({ env, packages }: SandboxSpec): Readonly<Record<string, string>> {
  return packages ? withPackages(env) : env;
}
