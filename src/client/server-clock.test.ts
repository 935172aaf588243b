// A clock that is wrong does not make the server's times wrong.
import { expect, test } from "vitest";
import { createServerClock, narrowOffset, type OffsetRange, offsetOf } from "./server-clock.ts";

const HOUR = 3_600_000;
/** An answer of a server whose clock is `offset` ahead of ours. */
const answer = (sentMs: number, { offset, takesMs }: { offset: number; takesMs: number }) => ({
  serverMs: Math.floor((sentMs + takesMs / 2 + offset) / 1_000) * 1_000,
  sentMs,
  receivedMs: sentMs + takesMs,
});

test("clocks that agree, as far as a header of whole seconds tells, are not corrected", () => {
  let range: OffsetRange | null = null;
  for (let at = 0; at < 20_000; at += 377) range = narrowOffset(range, answer(at, { offset: 3, takesMs: 40 }));
  expect(offsetOf(range)).toBe(0);
  expect(offsetOf(null)).toBe(0);
});

test.each([2 * HOUR, -2 * HOUR, 90_000, -1_500])("%i ms are found to a few hundred milliseconds", (offset) => {
  let range: OffsetRange | null = null;
  for (let at = 0; at < 20_000; at += 377) range = narrowOffset(range, answer(at, { offset, takesMs: 40 }));
  expect(Math.abs(offsetOf(range) - offset)).toBeLessThan(300);
});

test("a slow answer does no harm, and a clock that was set is followed", () => {
  let range = narrowOffset(null, answer(10_000, { offset: HOUR, takesMs: 20 }));
  const sharp = range.maxMs - range.minMs;
  range = narrowOffset(range, answer(20_000, { offset: HOUR, takesMs: 60_000 }));
  expect(range.maxMs - range.minMs).toBeLessThanOrEqual(sharp);
  range = narrowOffset(range, answer(30_000, { offset: 0, takesMs: 20 }));
  expect(offsetOf(range)).toBe(0);
});

test("whoever shows the time is told when it is another", () => {
  const clock = createServerClock();
  let told = 0;
  const leave = clock.subscribe(() => told++);
  clock.observe(answer(0, { offset: 0, takesMs: 20 }));
  expect([told, clock.offsetMs()]).toEqual([0, 0]);
  clock.observe(answer(1_000, { offset: HOUR, takesMs: 20 }));
  expect(told).toBe(1);
  expect(Math.abs(clock.offsetMs() - HOUR)).toBeLessThan(1_000);
  leave();
});
