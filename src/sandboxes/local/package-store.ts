// Packages of environments: installed once for a team and a set of packages, in a sandbox of its own whose disk then is what later sandboxes read.
import { join } from "node:path";
import { messageOf, PlatformError } from "../../lib/errors.ts";
import { createSemaphore } from "../../lib/turns.ts";
import {
  ABSENT_EXIT_CODE,
  FINISH_COMMAND,
  type InstallStep,
  installSteps,
  isEmptySet,
} from "../packages-in-sandbox.ts";
import type { OperationResult, PackageProgress, PackageSet, SandboxLimits } from "../sandbox.ts";
import { type LiveSandbox, startSandbox, type Workshop } from "./live-sandbox.ts";
import { packageSetKey, systemIdentity } from "./package-set-key.ts";
import type { Records, SandboxRecord } from "./records.ts";
import { runCommand } from "./run-command.ts";
import { type StoredPackages, surplusOf } from "./surplus-packages.ts";

/** Of one package manager; compiling takes long. */
const STEP_MS = 30 * 60_000;
/** At once; each may use what a sandbox may. */
const INSTALLATIONS = 2;
const TOLD_LINES = 20;
const TOLD_CHARACTERS = 2_000;

/** Installed packages while a sandbox reads them. */
export type UsedPackages = { key: string; directory: string; release: () => void };
type Watcher = (progress: PackageProgress) => void;
type Running = { done: Promise<void>; watchers: Set<Watcher>; last: PackageProgress | null };
export type PackageStore = ReturnType<typeof createPackageStore>;

export function createPackageStore(options: {
  workshop: Workshop;
  records: Records;
  limits: SandboxLimits;
  /** What all of them may take; those in use may take more. */
  maxBytes: number;
  log: Workshop["log"];
}) {
  const { workshop, records, limits, log } = options;
  const running = new Map<string, Running>();
  const inTurn = createSemaphore(INSTALLATIONS);
  /** Stays mounted until it is removed: sandboxes come and go. */
  const mounts = new Map<string, Promise<string>>();
  const uses = new Map<string, number>();
  const installing = new Set<LiveSandbox>();
  let closing = false;

  const keyOf = (set: PackageSet) => packageSetKey(set, systemIdentity());
  const mountPointOf = (key: string) => join(workshop.mountDir, `packages-${key}`);

  /** See `SandboxBackend.installPackages`. */
  async function install(
    set: PackageSet,
    { sessionId, onProgress }: { sessionId: string; onProgress: Watcher },
  ): Promise<boolean> {
    if (isEmptySet(set.lists)) return false;
    if (closing) throw stopping();
    const key = keyOf(set);
    if (touch(key)) return false;
    let one = running.get(key);
    if (!one) {
      one = { done: Promise.resolve(), watchers: new Set(), last: null };
      running.set(key, one);
      one.done = inTurn(() => installNow(key, set, sessionId)).finally(() => running.delete(key));
    }
    if (one.last) onProgress(one.last);
    one.watchers.add(onProgress);
    try {
      await one.done;
    } finally {
      one.watchers.delete(onProgress);
    }
    return true;
  }

  async function installNow(key: string, set: PackageSet, sessionId: string): Promise<void> {
    const made = await records.make(limits.diskMb, (path) => workshop.disks.make(path, { diskMb: limits.diskMb }));
    try {
      const about = { packages: { installsFor: { teamId: set.teamId, sessionId } }, env: {}, limits };
      const live = await startSandbox(workshop, { ...made, ...about });
      installing.add(live);
      try {
        if (closing) throw stopping();
        for (const step of installSteps(set.lists, live.packageSettings)) await runStep(live, step, key);
        await checked(live, "finish", FINISH_COMMAND);
      } finally {
        installing.delete(live);
        await live.end();
      }
      // A name is given to what is on the disk as a whole; without one it is removed at the next start.
      await runCommand("sync", ["-f", made.path]);
      records.claim(made.path, key);
    } catch (error) {
      await records.remove(made.path);
      throw closing ? stopping() : error;
    }
    await removeSurplus();
  }

  async function runStep(live: LiveSandbox, step: InstallStep, key: string): Promise<void> {
    const { manager, packages, command, passwordFor } = step;
    if (passwordFor !== null)
      throw new PlatformError(
        "packages_failed",
        `${introOf(step)}: ${manager} of the machine where sandboxes run is set to ${passwordFor} with a password in its address, and what packages bring must not use it. Ask its operator for a mirror that needs none, or take these packages out of the environment.`,
      );
    const one = running.get(key);
    const progress = { manager, packages };
    if (one) {
      one.last = progress;
      for (const tell of one.watchers) tell(progress);
    }
    const operation = { kind: "bash" as const, command, timeoutMs: STEP_MS };
    const result = await live.client.runOperation(manager, operation);
    if (result.outcome !== "ok") throw new PlatformError("packages_failed", failureWords(step, result));
  }

  async function checked(live: LiveSandbox, id: string, command: string): Promise<void> {
    const result = await live.client.runOperation(id, { kind: "bash", command, timeoutMs: STEP_MS });
    if (result.outcome !== "ok")
      throw new PlatformError(
        "packages_failed",
        `Installed packages could not be made readable for sessions. Send a message to try again; if it stays so, ask the operator of the machine where sandboxes run. The last lines:\n${endOf(result)}`,
      );
  }

  /** Notes that it is used. False: there is none. */
  function touch(key: string): { path: string; record: SandboxRecord } | null {
    const found = records.find(key);
    if (found) records.write(found.path, { ...found.record, lastUsedAt: Date.now() });
    return found;
  }

  function isStored(set: PackageSet): boolean {
    return records.find(keyOf(set)) !== null;
  }

  /** For a sandbox that starts. Null: they are not installed. */
  async function use(set: PackageSet): Promise<UsedPackages | null> {
    if (isEmptySet(set.lists)) return null;
    const key = keyOf(set);
    const found = touch(key);
    if (!found) return null;
    // Before the first wait: what is in use is not removed.
    uses.set(key, (uses.get(key) ?? 0) + 1);
    let released = false;
    const release = () => {
      if (released) return;
      released = true;
      const left = (uses.get(key) ?? 1) - 1;
      if (left > 0) uses.set(key, left);
      else uses.delete(key);
    };
    try {
      return { key, directory: await mounted(key, found.path), release };
    } catch (error) {
      release();
      // Something is wrong with it, as after a disk's failure: the next session installs anew.
      if (!uses.has(key)) await remove(key);
      throw new PlatformError("sandbox_unavailable", `installed packages can't be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  function mounted(key: string, path: string): Promise<string> {
    const known = mounts.get(key);
    if (known) return known;
    const mounting = workshop.disks.mountToRead(path, mountPointOf(key));
    mounts.set(key, mounting);
    // A failure is not kept: the next sandbox tries again.
    mounting.catch(() => mounts.delete(key));
    return mounting;
  }

  async function removeSurplus(): Promise<void> {
    const stored = await Promise.all(
      records.names().map(async (key): Promise<StoredPackages[]> => {
        const found = records.find(key);
        if (!found) return [];
        const kilobytes = Number.parseInt(await runCommand("du", ["-sk", found.path]), 10);
        return [{ key, bytes: kilobytes * 1024, lastUsedAt: found.record.lastUsedAt, inUse: uses.has(key) }];
      }),
    );
    for (const { key } of surplusOf(stored.flat(), { maxBytes: options.maxBytes, now: Date.now() })) {
      // One may have begun to read it while others were measured.
      if (uses.has(key)) continue;
      try {
        await remove(key);
      } catch (error) {
        log("packages that nobody used lately could not be removed", { key, reason: messageOf(error) });
      }
    }
  }

  async function remove(key: string): Promise<void> {
    const found = records.find(key);
    const mount = mounts.get(key);
    mounts.delete(key);
    const removed = found ? records.remove(found.path) : null;
    if (mount) await workshop.disks.unmount(mountPointOf(key));
    await removed;
  }

  /** Once no session's sandbox runs any more. What is being installed is given up. */
  async function close(): Promise<void> {
    closing = true;
    await Promise.all([...installing].map((live) => live.end()));
    await Promise.allSettled([...running.values()].map(({ done }) => done));
    for (const key of mounts.keys()) await workshop.disks.unmount(mountPointOf(key));
  }

  return { install, isStored, keyOf, use, close };
}

function stopping(): PlatformError {
  return new PlatformError("sandbox_unavailable", "sandboxes are being stopped");
}

function introOf({ manager, packages }: InstallStep): string {
  return `The packages of this session's environment could not be installed: ${manager} (${packages.join(", ")})`;
}

function failureWords(step: InstallStep, result: OperationResult): string {
  const { manager } = step;
  const intro = introOf(step);
  if (result.exitCode === ABSENT_EXIT_CODE)
    return `${intro}: ${manager} is not installed on the machine where sandboxes run. Ask its operator to install it, or take these packages out of the environment.`;
  const how = result.outcome === "failed" ? `ended with exit code ${result.exitCode ?? "unknown"}` : result.outcome;
  const said = endOf(result);
  return `${intro} ${how}. Correct the environment's packages, then send a message to try again.${said && ` The last lines of ${manager}:\n${said}`}`;
}

function endOf({ content }: OperationResult): string {
  return content.trim().split("\n").slice(-TOLD_LINES).join("\n").slice(-TOLD_CHARACTERS);
}
