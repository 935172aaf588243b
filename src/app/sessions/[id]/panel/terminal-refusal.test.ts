// A refusal that stays is told and ends the attempts; one that may pass is tried again, but not for ever.
import { expect, test } from "vitest";
import { refusalOf } from "./terminal-refusal.ts";

test.each([
  [404, 1, true],
  [400, 1, true],
  [403, 1, true],
  [503, 1, false],
  [503, 2, false],
  [503, 3, true],
  [429, 1, false],
  [500, 3, true],
])("%i at the %i. failure: final %s", (status, failures, final) => {
  expect(refusalOf({ status, message: "why" }, failures)).toEqual({ final, message: "why" });
});
