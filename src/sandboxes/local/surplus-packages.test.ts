// What goes of installed packages when they take too much.
import { expect, test } from "vitest";
import { surplusOf } from "./surplus-packages.ts";

const HOUR = 3_600_000;
const now = 100 * HOUR;
const one = (key: string, hoursAgo: number, inUse = false) => ({
  key,
  bytes: 10,
  lastUsedAt: now - hoursAgo * HOUR,
  inUse,
});
const gone = (stored: ReturnType<typeof one>[], maxBytes: number) =>
  surplusOf(stored, { maxBytes, now }).map(({ key }) => key);

test("nothing, as long as there is room", () => expect(gone([one("a", 9), one("b", 5)], 20)).toEqual([]));
test("what was not used for longest, until the rest has room", () =>
  expect(gone([one("b", 5), one("a", 9), one("c", 1)], 15)).toEqual(["a", "b"]));
test("never what a sandbox reads, or a session was just told of", () =>
  expect(gone([one("a", 9, true), one("b", 0), one("c", 1)], 5)).toEqual(["c"]));
