// The machine that the figures were seen on, and what its processes cost.
import { readdir, readFile } from "node:fs/promises";
import { cpus, loadavg, release, totalmem } from "node:os";

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

export async function listProcesses(): Promise<ProcessFacts[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map((pid) => readProcess(Number(pid))));
  return found.filter((facts) => facts !== null);
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

async function readProcess(pid: number): Promise<ProcessFacts | null> {
  try {
    const [stat, commandLine] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
    ]);
    // The name in parentheses may hold anything, also spaces and parentheses.
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    const command =
      commandLine.replaceAll("\0", " ").trim() || stat.slice(stat.indexOf("("), stat.lastIndexOf(")") + 1);
    return { pid, parent, command };
  } catch {
    return null; // ended while it was read
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

function processorTimes(): { busy: number; total: number } {
  const all = cpus().map(({ times }) => times);
  const idle = all.reduce((sum, times) => sum + times.idle, 0);
  const total = all.reduce((sum, { user, nice, sys, irq, idle: unused }) => sum + user + nice + sys + irq + unused, 0);
  return { busy: total - idle, total };
}
