// Where log lines go: to a descriptor, in order, without waiting for whoever reads. Once nobody does, they are dropped.
// Pino's own waits for ever in its last flush when the reader is gone, and the process with it.
import { writeSync, write as writeTo } from "node:fs";

const RETRY_MS = 50;
/** A reader that is alive and does not read holds up a process that ends for no longer. */
const LAST_WORDS_MS = 1_000;

export type LogOutput = {
  write(line: string): void;
  /** What was not begun to be written yet, before the process ends. */
  flushSync(): void;
};

export function createLogOutput(fd: number): LogOutput {
  let waiting = "";
  let writing = false;
  let isGone = false;

  function next(): void {
    if (writing || isGone || waiting === "") return;
    const chunk = Buffer.from(waiting);
    waiting = "";
    writing = true;
    put(chunk);
  }

  function put(chunk: Buffer): void {
    writeTo(fd, chunk, (error, written) => {
      if (error && !isFull(error)) return leave();
      const rest = error ? chunk : chunk.subarray(written);
      if (error) return void setTimeout(put, RETRY_MS, rest);
      if (rest.length > 0) return put(rest);
      writing = false;
      next();
    });
  }

  /** Nobody can be told of it any more. */
  function leave(): void {
    isGone = true;
    waiting = "";
  }

  return {
    write(line) {
      if (isGone) return;
      waiting += line;
      next();
    },
    flushSync() {
      let rest = Buffer.from(waiting);
      waiting = "";
      const deadline = Date.now() + LAST_WORDS_MS;
      while (rest.length > 0 && !isGone) {
        try {
          rest = rest.subarray(writeSync(fd, rest));
        } catch (error) {
          if (!isFull(error) || Date.now() > deadline) return leave();
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
        }
      }
    },
  };
}

/** It takes nothing just now. */
function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
