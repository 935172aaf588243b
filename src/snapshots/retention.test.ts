// The ten newest and one a day for two weeks stay; what something needs stays in any case.
import { expect, test } from "vitest";
import { expiredSnapshots, KEEP_DAYS, KEEP_NEWEST } from "./retention.ts";

const now = Date.UTC(2026, 5, 20, 12);
const HOUR = 3_600_000;
const at = (hoursAgo: number) => ({ id: `h${hoursAgo}`, createdAt: new Date(now - hoursAgo * HOUR) });
const expired = (hoursAgo: number[], held: string[] = []) =>
  expiredSnapshots(hoursAgo.map(at), { nowMs: now, held: new Set(held) });

test("the newest stay, however old", () => {
  const old = Array.from({ length: KEEP_NEWEST }, (_, index) => 10_000 + index);
  expect(expired(old)).toEqual([]);
  expect(expired([...old, 20_000])).toEqual(["h20000"]);
});

test("of a busy day the newest of the day stays beside the newest of all", () => {
  const today = Array.from({ length: KEEP_NEWEST }, (_, index) => index / 10);
  const yesterday = [24, 25, 26];
  expect(expired([...yesterday, ...today])).toEqual(["h25", "h26"]);
});

test("one a day for two weeks, then no more", () => {
  const daily = Array.from({ length: 40 }, (_, day) => day * 24);
  const kept = daily.length - expired(daily).length;
  expect(kept).toBe(KEEP_DAYS);
  expect(expired(daily)).toContain(`h${KEEP_DAYS * 24}`);
});

test("what is needed stays", () => {
  const daily = Array.from({ length: 40 }, (_, day) => day * 24);
  expect(expired(daily, ["h720"])).not.toContain("h720");
  expect(expired([], ["h1"])).toEqual([]);
});
