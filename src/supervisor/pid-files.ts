// `<data>/run/<part>.pid`: who runs, for people and monitoring, and for the next start after a kill -9.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endProcess, findProcess, type ProcessFacts } from "../lib/processes.ts";

export type PidFiles = {
  write(part: string, pid: number): void;
  remove(part: string): void;
  /** Process id by part. */
  read(part: string): number | null;
  /** Ends what a killed predecessor left running and empties the directory. Answers what was ended. */
  endOrphans(): Promise<string[]>;
  /** Leaves a sign for others, until the directory is emptied. */
  note(sign: "stopping"): void;
  isNoted(sign: "stopping"): boolean;
  /** Empties the directory. */
  clear(): void;
};

type PidFile = { part: string; pid: number; writtenAt: number };

/** Start times of processes are right to about a second. */
const START_TIME_TOLERANCE_MS = 2_000;

/**
 * Pure. The process that a pid file means, or a stranger that got its number since? A stranger started after the file was written,
 * or does not look like that part of that data directory.
 */
export function isTheSameProcess(file: PidFile, process: ProcessFacts, dataDir: string): boolean {
  if (process.startedAt > file.writtenAt + START_TIME_TOLERANCE_MS) return false;
  if (file.part === "postgres") return process.command.includes(`-D ${join(dataDir, "postgres")} `);
  const looksLikeIt =
    process.command.includes(`berth-${file.part}`) || process.command.includes(`/src/bin/${file.part}.ts`);
  // sandboxd empties its environment: a variable that is not there says nothing.
  const said = process.environment?.find((variable) => variable.startsWith("BERTH_DATA_DIR="));
  const sameDataDir = said === undefined || said === `BERTH_DATA_DIR=${dataDir}`;
  return looksLikeIt && sameDataDir;
}

export function createPidFiles(dataDir: string): PidFiles {
  const directory = join(dataDir, "run");
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = (part: string) => join(directory, `${part}.pid`);

  function list(): PidFile[] {
    const names = readdirSync(directory).filter((name) => name.endsWith(".pid"));
    return names.map((name) => {
      const file = join(directory, name);
      return {
        part: name.slice(0, -".pid".length),
        pid: Number.parseInt(readFileSync(file, "utf8"), 10),
        writtenAt: statSync(file).mtimeMs,
      };
    });
  }

  // The directory holds pid files and sockets only; whoever held them is gone.
  function clear(): void {
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true, force: true });
  }

  return {
    clear,
    note: (sign) => writeFileSync(join(directory, sign), ""),
    isNoted: (sign) => existsSync(join(directory, sign)),
    write: (part, pid) => writeFileSync(path(part), `${pid}\n`),
    remove: (part) => rmSync(path(part), { force: true }),
    read: (part) => list().find((file) => file.part === part)?.pid ?? null,
    async endOrphans() {
      const orphans = list().filter((file) => {
        const found = file.pid > 0 && file.pid !== process.pid ? findProcess(file.pid) : null;
        return found !== null && isTheSameProcess(file, found, dataDir);
      });
      // Those who use the database go before it.
      const users = orphans.filter((orphan) => orphan.part !== "postgres");
      await Promise.all(users.map((orphan) => endPart(orphan)));
      for (const orphan of orphans.filter((one) => one.part === "postgres")) await endPart(orphan);
      clear();
      return orphans.map((orphan) => `${orphan.part} (${orphan.pid})`);
    },
  };
}

async function endPart({ part, pid }: PidFile): Promise<void> {
  // Postgres: INT is its fast shutdown, QUIT the immediate one. It is never killed: its children would go on.
  const first = part === "postgres" ? "SIGINT" : "SIGTERM";
  const last = part === "postgres" ? "SIGQUIT" : "SIGKILL";
  const steps = [
    { signal: first, withinMs: 4_000 },
    { signal: last, withinMs: 4_000 },
  ] as const;
  if (!(await endProcess(pid, steps)))
    throw new Error(`process ${pid} (berth-${part}) of an earlier start does not end`);
}
