// How long a part that ended waits for its next start, and a stop that comes while it starts.
import { expect, test } from "vitest";
import { systemClock } from "../lib/clock.ts";
import { type Exit, type PartProcess, restartDelayMs, runPart } from "./part.ts";

test("waits a little after the first end, then twice as long each time, at most ten seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 20].map(restartDelayMs)).toEqual([0, 200, 400, 800, 1600, 3200, 6400, 10_000]);
});

/** A part whose launch takes until it is let go and, like Postgres in its recovery, can't be broken off. */
function slowPart() {
  const launched = Promise.withResolvers<void>();
  const exited = Promise.withResolvers<Exit>();
  const calls: string[] = [];
  const end = (how: string) => {
    calls.push(how);
    exited.resolve({ code: 0, signal: null });
  };
  const process: PartProcess = {
    pid: 1,
    exited: exited.promise,
    async stop(graceMs) {
      end(`stop ${graceMs}`);
    },
    kill: () => end("kill"),
  };
  const part = runPart({
    spec: { name: "slow", launch: () => launched.promise.then(() => process) },
    pidFiles: { write: () => undefined, remove: () => undefined },
    clock: systemClock,
    log: () => undefined,
  });
  return { part, launched, calls };
}

test("a stop that comes while the part starts stops it as soon as it has started", async () => {
  const { part, launched, calls } = slowPart();
  const stopped = part.stop(1_500);
  launched.resolve();
  await stopped;
  expect(calls).toEqual(["stop 1500"]);
});

test("a kill that comes while the part starts ends it as soon as it has started", async () => {
  const { part, launched, calls } = slowPart();
  part.kill();
  launched.resolve();
  await part.stop(1_500);
  expect(calls[0]).toBe("kill");
});
