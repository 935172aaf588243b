// The machine that the figures were seen on, and what its processes cost.
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus, loadavg, release, totalmem } from "node:os";
import { median } from "./statistics.ts";

export async function describeMachine(): Promise<string> {
  const osRelease = await readFile("/etc/os-release", "utf8").catch(() => "");
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? process.platform;
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  return [
    `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown CPU"}`,
    `${memoryGb} GB`,
    `${system}, kernel ${release()}`,
    `Node ${process.versions.node}`,
    `load before ${loadavg()
      .map((load) => load.toFixed(1))
      .join(" ")}`,
  ].join(" · ");
}

export type ProcessFacts = { pid: number; parent: number; command: string };

export function listProcesses(): ProcessFacts[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => readProcess(Number(pid))).filter((facts) => facts !== null);
}

/** The process and everything below it. */
export function treeOf(root: number, processes: readonly ProcessFacts[]): ProcessFacts[] {
  const tree = processes.filter(({ pid }) => pid === root);
  for (let index = 0; index < tree.length; index++) {
    const parent = tree[index]?.pid;
    tree.push(...processes.filter((facts) => facts.parent === parent));
  }
  return tree;
}

/** Proportional set size in kB: shared pages are divided among those who map them. 0 when the process is gone. */
export async function readPssKb(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8").catch(() => "");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0);
}

function readProcess(pid: number): ProcessFacts | null {
  try {
    const stat = readStart(`/proc/${pid}/stat`);
    // The name in parentheses may hold anything, also spaces and parentheses.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    const name = stat.slice(stat.indexOf("("), stat.lastIndexOf(")") + 1);
    return { pid, parent, command: readStart(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() || name };
  } catch {
    return null; // ended while it was read
  }
}

/**
 * One buffer for all: `readFile` takes 64 kB for each file of /proc, and a process that grows by that makes every
 * spawn from it slower, the baselines' too.
 */
const start = Buffer.alloc(4_096);
function readStart(path: string): string {
  const fd = openSync(path, "r");
  try {
    return start.toString("utf8", 0, readSync(fd, start));
  } finally {
    closeSync(fd);
  }
}

const BUSY_WINDOW_MS = 2_000;
const QUIET_LIMIT_MS = 120_000;
/** Above this share of all processors, figures tell more about the neighbours than about Berth. */
const BUSY_SHARE = 0.15;

/** Waits, two minutes at most, until others leave the machine alone. Resolves with the share that they used last. */
export async function untilQuiet(): Promise<number> {
  const deadline = Date.now() + QUIET_LIMIT_MS;
  for (;;) {
    const before = processorTimes();
    await new Promise((resolve) => setTimeout(resolve, BUSY_WINDOW_MS));
    const after = processorTimes();
    const share = (after.busy - before.busy) / (after.total - before.total);
    if (share <= BUSY_SHARE || Date.now() > deadline) return share;
  }
}

/** Median time to start and end the smallest process there is: the baselines are made of this. */
export function spawnMs(): number {
  const values = Array.from({ length: 9 }, () => {
    const startMs = performance.now();
    spawnSync("/bin/true");
    return performance.now() - startMs;
  });
  return median(values);
}

function processorTimes(): { busy: number; total: number } {
  const all = cpus().map(({ times }) => times);
  const idle = all.reduce((sum, times) => sum + times.idle, 0);
  const total = all.reduce((sum, { user, nice, sys, irq, idle: unused }) => sum + user + nice + sys + irq + unused, 0);
  return { busy: total - idle, total };
}
