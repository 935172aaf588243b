// The guard over a runner: silence and deadlines end the work, slowness and answers do not.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { watched } from "./runner-watch.ts";

const patience = { everyMs: 5, timeoutMs: 20, misses: 3 };
const silent = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
const untilAborted = silent;

test("work on a silent runner ends as gone", async () => {
  const work = watched({ name: "s", patience, probe: silent }, untilAborted);
  await expect(work).rejects.toMatchObject({
    code: "sandbox_gone",
    message: expect.stringContaining("does not answer"),
  });
});

test("work on a runner that answers now and then goes on as long as it takes", async () => {
  let probes = 0;
  const probe = (signal: AbortSignal) => (++probes % 3 === 0 ? Promise.resolve() : silent(signal));
  const work = watched({ name: "s", patience, probe }, async (signal) => {
    while (probes < 10) await sleep(1, null, { signal });
    return "done";
  });
  expect(await work).toBe("done");
});

test("work beyond its deadline ends as gone, however lively the runner", async () => {
  const work = watched({ name: "s", patience, probe: async () => null, deadlineMs: 30 }, untilAborted);
  await expect(work).rejects.toMatchObject({ code: "sandbox_gone", message: expect.stringContaining("in time") });
});

test("the caller's own signal ends the work with its reason", async () => {
  const caller = new AbortController();
  const work = watched({ name: "s", patience, probe: async () => null, signal: caller.signal }, untilAborted);
  caller.abort(new Error("enough"));
  await expect(work).rejects.toThrow("enough");
});

test("time in which the platform itself stood still is not counted against the runner", async () => {
  let probes = 0;
  const probe = (signal: AbortSignal) => {
    probes += 1;
    const answer = silent(signal);
    const until = performance.now() + 3 * patience.timeoutMs;
    while (performance.now() < until);
    return answer;
  };
  const work = watched({ name: "s", patience, probe }, async (signal) => {
    while (probes < 6) await sleep(1, null, { signal });
    return "done";
  });
  expect(await work).toBe("done");
});
