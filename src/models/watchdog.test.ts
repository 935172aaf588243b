// A silent request is ended by the limit that fits where it is silent.
import { expect, test } from "vitest";
import type { Clock } from "../lib/clock.ts";
import { startWatchdog } from "./watchdog.ts";

const limits = { firstByteMs: 1_000, idleMs: 100, totalMs: 5_000 };

/** Time that passes only when told; sleepers wake in the order of their deadlines. */
function handDrivenClock() {
  let now = 0;
  let sleepers: { at: number; wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((wake, reject) => {
        sleepers.push({ at: now + ms, wake });
        signal?.addEventListener("abort", () => reject(signal.reason));
      }),
  };
  const pass = async (ms: number) => {
    const end = now + ms;
    for (;;) {
      await Promise.resolve();
      sleepers.sort((one, other) => one.at - other.at);
      const next = sleepers[0];
      if (next === undefined || next.at > end) break;
      sleepers = sleepers.slice(1);
      now = next.at;
      next.wake();
      for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    }
    now = end;
  };
  return { clock, pass };
}

function start(signal = new AbortController().signal) {
  const { clock, pass } = handDrivenClock();
  return { watchdog: startWatchdog({ clock, limits, signal }), pass };
}

test("a request that gets no first byte ends at that limit, not earlier", async () => {
  const { watchdog, pass } = start();
  await pass(999);
  expect(watchdog.signal.aborted).toBe(false);
  await pass(1);
  expect(watchdog.expired).toBe("no answer within 1 s");
  expect(watchdog.signal.aborted).toBe(true);
});

test("after the first byte the idle limit counts from the last touch", async () => {
  const { watchdog, pass } = start();
  await pass(950);
  watchdog.touch();
  await pass(99);
  watchdog.touch();
  await pass(99);
  expect(watchdog.expired).toBeNull();
  await pass(1);
  expect(watchdog.expired).toBe("silence for 100 ms in the middle of an answer");
});

test("an answer that never stops ends at the total limit", async () => {
  const { watchdog, pass } = start();
  for (let passed = 0; passed < 4_950; passed += 50) {
    watchdog.touch();
    await pass(50);
  }
  expect(watchdog.expired).toBeNull();
  watchdog.touch();
  await pass(50);
  expect(watchdog.expired).toBe("no end of the answer within 5 s");
});

test("the caller's abort is passed on with its reason and is no timeout", () => {
  const caller = new AbortController();
  const { watchdog } = start(caller.signal);
  caller.abort(new Error("stop"));
  expect(watchdog.signal.reason).toEqual(new Error("stop"));
  expect(watchdog.expired).toBeNull();
});

test("a request that has ended is left alone", async () => {
  const caller = new AbortController();
  const { watchdog, pass } = start(caller.signal);
  watchdog.stop();
  await pass(10_000);
  caller.abort();
  expect(watchdog.signal.aborted).toBe(false);
});
