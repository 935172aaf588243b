// The wait between two tries grows, is capped, and honours what the gateway asks for.
import { expect, test } from "vitest";
import { retryDelayMs } from "./retry.ts";

const least = () => 0;
const most = () => 0.999999;

test.each([
  ["the first retry waits half a second to a second", 1, 500, 1_000],
  ["the wait doubles", 2, 1_000, 2_000],
  ["and doubles again", 4, 4_000, 8_000],
  ["it stops growing at a minute", 30, 30_000, 60_000],
  ["a nonsense attempt number counts as the first", 0, 500, 1_000],
])("%s", (_what, attempt, low, high) => {
  expect(retryDelayMs(attempt, { random: least })).toBe(low);
  expect(retryDelayMs(attempt, { random: most })).toBe(high);
});

test("a wait that the gateway asked for is never cut short and spread by at most a tenth", () => {
  expect(retryDelayMs(1, { retryAfterMs: 7_000, random: least })).toBe(7_000);
  expect(retryDelayMs(9, { retryAfterMs: 7_000, random: most })).toBe(7_700);
});

test("an absurd wait is capped at five minutes", () => {
  expect(retryDelayMs(1, { retryAfterMs: 86_400_000, random: most })).toBe(300_000);
});
