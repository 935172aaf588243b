// Requests that wait for a silent model keep no place, one model gets no more requests than there are places, and nobody looks too often.
import { expect, test } from "vitest";
import { createModelWaits, type ModelWait } from "./model-waits.ts";

/** Time that is moved by hand: sleepers wake in order. */
function createHandClock() {
  let now = 0;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const clock = {
    now: () => now,
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(signal.reason);
        });
      }),
  };
  async function pass(ms: number): Promise<void> {
    for (const end = now + ms; now < end; now++) {
      for (const sleeper of sleepers) {
        if (sleeper.at > now + 1) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
      await Promise.resolve();
      await Promise.resolve();
    }
  }
  return { clock, pass, sleeping: () => sleepers.size };
}

function setUp(places: number) {
  const time = createHandClock();
  let told = 0;
  const waits = createModelWaits({ places, silentAfterMs: 10, clock: time.clock, onSilent: () => told++ });
  let sessions = 0;
  const enter = (model: string) => waits.enter({ sessionId: `sesn_${sessions++}`, model });
  const enterFor = (model: string): ModelWait => {
    const wait = enter(model);
    if ("waitMs" in wait) throw new Error(`no place for ${model}`);
    return wait;
  };
  return { ...time, waits, enter, enterFor, told: () => told };
}

test("a request that hears nothing keeps no place; it keeps one again from the first word on, until it is silent again", async () => {
  const { waits, enterFor, pass, told, sleeping } = setUp(2);
  const wait = enterFor("a");
  await pass(8);
  expect(waits.silent).toBe(0);
  await pass(5);
  expect([waits.silent, told()]).toEqual([1, 1]);
  wait.heard();
  expect(waits.silent).toBe(0);
  await pass(8);
  wait.heard();
  await pass(8);
  expect([waits.silent, told()]).toEqual([0, 1]);
  await pass(12);
  expect([waits.silent, told()]).toEqual([1, 2]);
  wait.leave();
  wait.leave();
  expect(waits.silent).toBe(0);
  await pass(30);
  expect([waits.silent, told(), sleeping()]).toEqual([0, 2, 0]);
});

test("one model gets as many requests as there are places, silent or not; others have their own", () => {
  const { enter, enterFor } = setUp(2);
  const first = enterFor("a");
  enterFor("a");
  expect(enter("a")).toEqual({ waitMs: expect.any(Number) });
  enterFor("b");
  first.leave();
  first.leave();
  enterFor("a");
  expect(enter("a")).toEqual({ waitMs: expect.any(Number) });
});

test("the more sessions look, the less often each does; those that are gone are forgotten", async () => {
  const { enter, enterFor, pass } = setUp(1);
  enterFor("a");
  const delays = Array.from({ length: 1_000 }, () => enter("a")).map((wait) => ("waitMs" in wait ? wait.waitMs : 0));
  expect(delays[0]).toBe(2_000);
  expect(delays.at(-1)).toBe(30_000);
  expect(delays).toEqual(delays.toSorted((one, other) => one - other));
  await pass(60_001);
  expect(enter("a")).toEqual({ waitMs: 2_000 });
});

test("even of many silent models, sessions are held four times as many as there are places at most", async () => {
  const { waits, enterFor, pass } = setUp(2);
  for (const model of ["a", "b", "c", "d", "e"]) for (let index = 0; index < 2; index++) enterFor(model);
  await pass(12);
  expect(waits.silent).toBe(6);
});
