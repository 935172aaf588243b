// Another process of the bench, so that clients and servers do not share an event loop with what measures them.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

export type Child = {
  readonly pid: number;
  send(message: object): void;
  /** The next message of the child that `accepts` takes; fails when the child ends or after `timeoutMs`. */
  next<T>(accepts: (message: unknown) => T | null, timeoutMs?: number): Promise<T>;
  stop(): Promise<void>;
};

/** Starts `bench/<file>` with `options` as its only argument; it speaks over IPC and ends when that is closed. `flags`: Node's. */
export function startChild(file: string, options: object, flags: readonly string[] = []): Child {
  const child: ChildProcess = fork(path.join(import.meta.dirname, file), [JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    execArgv: [...process.execArgv, ...flags],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${file} did not start`);
  const backlog: unknown[] = [];
  let wake: (() => void) | null = null;
  const notify = (): void => wake?.();
  child.on("message", (message) => {
    backlog.push(message);
    notify();
  });
  child.on("exit", notify);

  return {
    pid,
    send: (message) => child.send(message),
    async next(accepts, timeoutMs = 60_000) {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        for (const [index, message] of backlog.entries()) {
          const accepted = accepts(message);
          if (accepted === null) continue;
          backlog.splice(index, 1);
          return accepted;
        }
        if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${file} ended early`);
        if (Date.now() > deadline) throw new Error(`${file} said nothing for ${timeoutMs} ms`);
        const timer = setTimeout(notify, deadline - Date.now() + 1);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        clearTimeout(timer);
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** For the child: its options. */
export function readOptions<T>(): T {
  // Written by `startChild` on the other side.
  return JSON.parse(process.argv[2] ?? "{}") as T;
}

/** For the child: says something to the bench, and ends with it. */
export function say(message: object): void {
  process.send?.(message);
}

/** For the child: without its bench it has nothing to do. */
export function endWithBench(): void {
  process.once("disconnect", () => process.exit(0));
}

/** Milliseconds of a clock that all processes of the machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
