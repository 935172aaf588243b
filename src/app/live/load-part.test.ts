import { expect, test } from "vitest";
import { isNotLoaded, loadPart, nextForPart, pauseAfter } from "./load-part.ts";

const facts = { served: "one", own: "one", reloaded: [], guarded: false };

test.each([
  ["the server does not answer", { served: null }, "away"],
  ["it does not answer an edited form either", { served: null, guarded: true }, "away"],
  ["it answers, and has what this page is of", {}, "failing"],
  ["the page does not say what it is of", { own: null, served: "two" }, "failing"],
  ["it has another build", { served: "two" }, "reload"],
  ["a form would be lost", { served: "two", guarded: true }, "gone"],
  ["the page was loaded anew for that build already", { served: "two", reloaded: ["two"] }, "gone"],
  ["it was, for yet another one", { served: "three", reloaded: ["two"] }, "reload"],
])("a part did not come: %s", (_when, changes, expected) =>
  expect(nextForPart({ ...facts, ...changes })).toBe(expected),
);

test("pauses grow, up to five seconds", () => {
  expect([0, 1, 2, 3, 4, 50].map(pauseAfter)).toEqual([500, 1_000, 2_000, 4_000, 5_000, 5_000]);
});

test("what the code itself throws is not asked for again", async () => {
  let asked = 0;
  const load = async () => {
    asked += 1;
    throw new TypeError("a bug");
  };
  await expect(loadPart(load)).rejects.toThrow("a bug");
  expect(asked).toBe(1);
  expect(isNotLoaded(Object.assign(new Error("no such file"), { name: "ChunkLoadError" }))).toBe(true);
});
