import { expect, test } from "vitest";
import { idFrom, isId, newId } from "./ids.ts";

test("ids of a clock that tells parts of a millisecond are ids, and sort by time", () => {
  const now = 1_795_000_000_000;
  const ids = [now, now + 0.75, now + 1, now + 1.5].map((at) => newId("event", at));
  expect(ids.every((id) => isId("event", id))).toBe(true);
  const times = ids.map((id) => id.slice(0, "sevt_".length + 10));
  expect(times).toEqual([times[0], times[0], times[2], times[2]]);
  expect((times[0] ?? "") < (times[2] ?? "")).toBe(true);
});

test("an id from a seed is the same for the same, and another for anything else", () => {
  const one = idFrom("event", 1_700_000_000_000, "a");
  expect(isId("event", one)).toBe(true);
  expect(idFrom("event", 1_700_000_000_000, "a")).toBe(one);
  expect(idFrom("event", 1_700_000_000_000, "b")).not.toBe(one);
  expect(idFrom("event", 1_700_000_000_001, "a")).not.toBe(one);
});

test("ten thousand ids of one moment are ten thousand", () => {
  const ids = Array.from({ length: 10_000 }, () => newId("event", 1_700_000_000_000));
  expect(new Set(ids).size).toBe(10_000);
  expect(ids.every((id) => isId("event", id))).toBe(true);
});
