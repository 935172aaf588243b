// What runs on this machine for one data directory, and what was left of it.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { installationHash } from "../../src/sandboxes/local/records.ts";

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has ended, or is not ours to read.
    return "";
  }
}

function pids(): number[] {
  return readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** Processes of this name that another one started, by way of whoever. */
export function descendantsNamed(ancestor: number, name: string): number[] {
  const parents = new Map<number, { parent: number; name: string }>();
  for (const pid of pids()) {
    // The name stands in parentheses and may hold anything; what follows does not.
    const match = /^\d+ \((.*)\) \S (\d+)/s.exec(read(`/proc/${pid}/stat`));
    if (match) parents.set(pid, { parent: Number(match[2]), name: match[1] ?? "" });
  }
  const descends = (pid: number): boolean => {
    const parent = parents.get(pid)?.parent;
    return parent !== undefined && (parent === ancestor || descends(parent));
  };
  return [...parents].flatMap(([pid, is]) => (is.name === name && descends(pid) ? [pid] : []));
}

/** Processes that know the data directory: by arguments, environment or working directory. */
export function processesOf(dataDir: string): string[] {
  return pids().flatMap((pid) => {
    if (pid === process.pid) return [];
    const command = read(`/proc/${pid}/cmdline`);
    const environment = read(`/proc/${pid}/environ`).split("\0");
    const known = command.includes(dataDir) || environment.includes(`BERTH_DATA_DIR=${dataDir}`);
    return known ? [`process ${pid}: ${command.replaceAll("\0", " ").slice(0, 120)}`] : [];
  });
}

function controlGroups(dataDir: string): string[] {
  const name = `berth-${installationHash(dataDir)}`;
  const places = read("/proc/self/mounts")
    .split("\n")
    .flatMap((line) => {
      const [, place, type] = line.split(" ");
      return place && (type === "cgroup" || type === "cgroup2") ? [place] : [];
    });
  return places.flatMap((place) => {
    try {
      readdirSync(join(place, name));
      return [`control group ${join(place, name)}`];
    } catch {
      return [];
    }
  });
}

function mounts(dataDir: string): string[] {
  const known = read("/proc/self/mountinfo")
    .split("\n")
    .filter((line) => line.includes(dataDir));
  const images = readdirSync("/sys/block").flatMap((device) => {
    const file = read(`/sys/block/${device}/loop/backing_file`).trim();
    return file.startsWith(dataDir) ? [`loop device ${device}: ${file}`] : [];
  });
  return [...known.map((line) => `mount ${line}`), ...images];
}

/** Everything on the machine that a stopped system should have taken with it. */
export function leftoversOf(dataDir: string): string[] {
  return [...processesOf(dataDir), ...controlGroups(dataDir), ...mounts(dataDir)];
}

export type Weight = { pid: number; rssMb: number; fds: number };

export function weigh(pid: number): Weight {
  const rssKb = /^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? "0";
  return { pid, rssMb: Math.round(Number(rssKb) / 1024), fds: countDescriptors(pid) };
}

function countDescriptors(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) !== "";
      } catch {
        return false;
      }
    }).length;
  } catch {
    return 0;
  }
}
