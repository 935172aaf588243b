// Looking at other processes of this machine and ending them. Linux by /proc, elsewhere by ps.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

export type ProcessFacts = {
  pid: number;
  parent: number;
  /** Milliseconds since the epoch, right to about a second. */
  startedAt: number;
  /** Arguments joined by spaces, or the title that the process gave itself. */
  command: string;
  /** Its environment when it may be read, as NAME=value. */
  environment: readonly string[] | null;
};

/** The live process with this id; null when there is none (a zombie is none). */
export function findProcess(pid: number): ProcessFacts | null {
  if (!isAlive(pid)) return null;
  return process.platform === "linux" ? fromProc(pid) : fromPs(pid);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function fromProc(pid: number): ProcessFacts | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (!stat) return null;
  // The name in parentheses may hold anything; what follows the last ")" is fields 3 and on.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return null;
  const startedTicks = Number(fields[19]);
  const bootTime = Number(/^btime (\d+)$/m.exec(readOrNull("/proc/stat") ?? "")?.[1] ?? 0);
  const command = (readOrNull(`/proc/${pid}/cmdline`) ?? "").replaceAll("\0", " ").trim();
  const environment = readOrNull(`/proc/${pid}/environ`)?.split("\0").filter(Boolean) ?? null;
  return { pid, parent: Number(fields[1]), startedAt: bootTime * 1000 + startedTicks * 10, command, environment };
}

function fromPs(pid: number): ProcessFacts | null {
  try {
    const line = execFileSync("ps", ["-o", "ppid=,stat=,lstart=,command=", "-p", String(pid)], {
      encoding: "utf8",
    }).trim();
    // "1 S  Sun Nov 22 22:43:51 2026 /usr/bin/…": lstart is always five words.
    const [parent = "", state = "", ...words] = line.split(/\s+/);
    if (state.startsWith("Z")) return null;
    return {
      pid,
      parent: Number(parent),
      startedAt: Date.parse(words.slice(0, 5).join(" ")),
      command: words.slice(5).join(" "),
      environment: null,
    };
  } catch {
    return null; // ps answers 1 when there is no such process.
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null; // Gone meanwhile, or not ours to read: both mean "not known".
  }
}

/** True when the process is gone within `withinMs`. */
export async function waitUntilGone(pid: number, withinMs: number): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  while (findProcess(pid)) {
    if (Date.now() >= deadline) return false;
    await delay(20);
  }
  return true;
}

/** Sends the signals one after the other, each with its time to work. True when the process is gone. */
export async function endProcess(
  pid: number,
  steps: readonly { signal: NodeJS.Signals; withinMs: number }[],
): Promise<boolean> {
  for (const { signal, withinMs } of steps) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ESRCH") return true;
      throw error;
    }
    if (await waitUntilGone(pid, withinMs)) return true;
  }
  return false;
}
