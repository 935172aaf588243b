// Memory, process and processor limits by cgroups, in version 1 and version 2 hierarchies, and the freezer that makes killing complete.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SandboxLimits } from "../sandbox.ts";

type Controller = "memory" | "pids" | "cpu" | "freezer";
const CONTROLLERS: readonly Controller[] = ["memory", "pids", "cpu", "freezer"];
const CPU_PERIOD_US = 100_000;

/** Where each controller is: a version 1 hierarchy of its own, or the one of version 2. */
export type CgroupPlace = { version: 1 | 2; root: string };
export type CgroupLayout = Partial<Record<Controller, CgroupPlace>>;

/** Reads which controllers are mounted where. `mounts` is the text of /proc/self/mounts. */
export function readLayout(mounts: string, controllersOf: (root: string) => string[]): CgroupLayout {
  const layout: CgroupLayout = {};
  for (const line of mounts.split("\n")) {
    const [, root, type, options] = line.split(" ");
    if (!root) continue;
    if (type === "cgroup") {
      for (const controller of CONTROLLERS) {
        if (options?.split(",").includes(controller)) layout[controller] = { version: 1, root };
      }
    } else if (type === "cgroup2") {
      // The freezer of version 2 is part of its core.
      for (const controller of ["freezer", ...controllersOf(root)]) {
        const known = CONTROLLERS.find((name) => name === controller);
        if (known) layout[known] ??= { version: 2, root };
      }
    }
  }
  return layout;
}

export function hostLayout(): CgroupLayout {
  return readLayout(readFileSync("/proc/self/mounts", "utf8"), (root) => {
    const file = join(root, "cgroup.controllers");
    return existsSync(file) ? readFileSync(file, "utf8").trim().split(" ") : [];
  });
}

/** The files that hold a sandbox's limits. Pure. */
export function limitFiles(
  layout: CgroupLayout,
  limits: SandboxLimits,
): { controller: Controller; file: string; value: string; optional: boolean }[] {
  const memory = String(limits.memoryMb * 1024 * 1024);
  const pids = String(limits.pids);
  const quotaUs = Math.max(1000, Math.round(limits.cpus * CPU_PERIOD_US));
  const files = {
    1: [
      { controller: "memory", file: "memory.limit_in_bytes", value: memory, optional: false },
      { controller: "memory", file: "memory.memsw.limit_in_bytes", value: memory, optional: true },
      { controller: "pids", file: "pids.max", value: pids, optional: false },
      { controller: "cpu", file: "cpu.cfs_period_us", value: String(CPU_PERIOD_US), optional: false },
      { controller: "cpu", file: "cpu.cfs_quota_us", value: String(quotaUs), optional: false },
    ],
    2: [
      { controller: "memory", file: "memory.max", value: memory, optional: false },
      { controller: "memory", file: "memory.swap.max", value: "0", optional: true },
      { controller: "memory", file: "memory.oom.group", value: "0", optional: true },
      { controller: "pids", file: "pids.max", value: pids, optional: false },
      { controller: "cpu", file: "cpu.max", value: `${quotaUs} ${CPU_PERIOD_US}`, optional: false },
    ],
  } as const;
  return CONTROLLERS.flatMap((controller) => {
    const place = layout[controller];
    return place ? files[place.version].filter((file) => file.controller === controller) : [];
  });
}

/**
 * Writes all, and what was refused once more after the rest: version 1 never lets memory be above memory with swap, so
 * raising needs one order and lowering the other.
 */
export function writeInEitherOrder<T>(files: readonly T[], write: (file: T) => void): void {
  const refused = files.filter((file) => {
    try {
      write(file);
      return false;
    } catch {
      // The second time its error counts.
      return true;
    }
  });
  for (const file of refused) write(file);
}

/** One sandbox's cgroups. */
export type Cgroup = {
  /** The files into which a process writes its own id to join. */
  procsFiles: string[];
  setLimits(limits: SandboxLimits): void;
  /** Freeze, kill all, thaw, wait until empty, remove. Ends also when there is nothing. */
  destroy(): Promise<void>;
  /** Processes in it. */
  members(): number[];
  /** Memory in use; null once it is gone. */
  memoryBytes(): number | null;
};

export type Cgroups = {
  layout: CgroupLayout;
  create(name: string, limits: SandboxLimits): Cgroup;
  /** Ends what a killed predecessor left. */
  sweep(): Promise<void>;
  /** Ends all and removes the installation's own directory. */
  close(): Promise<void>;
};

/**
 * `group` is the directory of this installation below each hierarchy's root. Throws when memory or pids cannot be
 * limited: the caller decides whether to go on without.
 */
export function openCgroups(layout: CgroupLayout, group: string): Cgroups {
  if (!layout.memory || !layout.pids) throw new Error("no cgroup hierarchy with memory and pids is mounted");
  const roots = [...new Set(CONTROLLERS.flatMap((controller) => layout[controller]?.root ?? []))];
  try {
    makeGroup(layout, roots, group);
  } catch (error) {
    for (const root of roots) removeIfEmpty(join(root, group));
    throw error;
  }
  const open = (name: string) =>
    openCgroup(
      layout,
      roots.map((root) => join(root, group, name)),
      (controller) => {
        const place = layout[controller];
        return place ? join(place.root, group, name) : null;
      },
    );
  const sweep = async () => {
    const names = new Set(roots.flatMap((root) => directoriesIn(join(root, group))));
    await Promise.all([...names].map((name) => open(name).destroy()));
  };
  return {
    layout,
    create(name, limits) {
      for (const root of roots) mkdirSync(join(root, group, name), { recursive: true });
      const cgroup = open(name);
      cgroup.setLimits(limits);
      return cgroup;
    },
    sweep,
    async close() {
      await sweep();
      for (const root of roots) await removeWhenEmpty(join(root, group));
    },
  };
}

/** The installation's directory in each hierarchy; version 2 passes controllers on only where it is told to. */
function makeGroup(layout: CgroupLayout, roots: readonly string[], group: string): void {
  for (const root of roots) mkdirSync(join(root, group), { recursive: true });
  for (const root of new Set(
    Object.values(layout)
      .filter((place) => place.version === 2)
      .map((place) => place.root),
  )) {
    const wanted = CONTROLLERS.filter(
      (name) => name !== "freezer" && layout[name]?.version === 2 && layout[name].root === root,
    );
    if (wanted.length === 0) continue;
    const enable = wanted.map((name) => `+${name}`).join(" ");
    for (const directory of [root, join(root, group)]) writeFileSync(join(directory, "cgroup.subtree_control"), enable);
  }
}

function removeIfEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Not made, or not ours alone.
  }
}

function directoriesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
}

function openCgroup(
  layout: CgroupLayout,
  directories: string[],
  directoryOf: (controller: Controller) => string | null,
): Cgroup {
  const members = () => {
    const ids = new Set<number>();
    for (const directory of directories) {
      const file = join(directory, "cgroup.procs");
      if (!existsSync(file)) continue;
      for (const id of readFileSync(file, "utf8").split("\n")) if (id !== "") ids.add(Number(id));
    }
    return [...ids];
  };
  const freeze = (frozen: boolean) => {
    const directory = directoryOf("freezer");
    if (!directory || !existsSync(directory)) return;
    if (layout.freezer?.version === 1) writeFileSync(join(directory, "freezer.state"), frozen ? "FROZEN" : "THAWED");
    else writeFileSync(join(directory, "cgroup.freeze"), frozen ? "1" : "0");
  };
  const killAll = () => {
    for (const id of members()) {
      try {
        process.kill(id, "SIGKILL");
      } catch (error) {
        // It ended between reading and killing.
        if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
      }
    }
  };
  return {
    procsFiles: directories.map((directory) => join(directory, "cgroup.procs")),
    members,
    memoryBytes() {
      const file = layout.memory?.version === 1 ? "memory.usage_in_bytes" : "memory.current";
      const path = join(directoryOf("memory") ?? "", file);
      try {
        return Number(readFileSync(path, "utf8"));
      } catch {
        // It is ending.
        return null;
      }
    },
    setLimits(limits) {
      writeInEitherOrder(limitFiles(layout, limits), ({ controller, file, value, optional }) => {
        const path = join(directoryOf(controller) ?? "", file);
        if (optional && !existsSync(path)) return;
        writeFileSync(path, value);
      });
    },
    async destroy() {
      // Frozen, nothing can fork away from the killing; thawed, all of it dies.
      for (let attempt = 0; members().length > 0; attempt++) {
        freeze(true);
        killAll();
        freeze(false);
        if (attempt > 0) await sleep(Math.min(5 * attempt, 100));
        if (attempt > 100) throw new Error(`processes ${members().join(", ")} do not end`);
      }
      for (const directory of directories) await removeWhenEmpty(directory);
    },
  };
}

/** The last process may still be on its way out of the directory. */
async function removeWhenEmpty(directory: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOENT") return;
      if (code !== "EBUSY" || attempt > 200) throw error;
      await sleep(5);
    }
  }
}
