// How long a part that ended waits for its next start.
import { expect, test } from "vitest";
import { restartDelayMs } from "./part.ts";

test("waits a little after the first end, then twice as long each time, at most ten seconds", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 20].map(restartDelayMs)).toEqual([200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
});
