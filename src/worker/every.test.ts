// What a repeated job tells of its failures: only what nobody else tells.
import { expect, it } from "vitest";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { every } from "./every.ts";

async function levelsOf(failures: readonly Error[]): Promise<string[]> {
  const stopping = new AbortController();
  const levels: string[] = [];
  // Only the two levels that a job uses.
  const logger = { debug: () => levels.push("debug"), warn: () => levels.push("warn") } as unknown as Logger;
  const clock: Clock = { now: () => 0, sleep: async () => undefined };
  const left = [...failures];
  await every({
    intervalMs: 10_000,
    job: "test",
    clock,
    logger,
    signal: stopping.signal,
    work: async () => {
      const failure = left.shift();
      if (failure) throw failure;
      stopping.abort();
    },
  });
  return levels;
}

it("warns of what it did not expect, and goes on", async () =>
  expect(await levelsOf([new Error("a bug"), new Error("again")])).toEqual(["warn", "warn"]));

it("is quiet while the database or sandboxes are away: health tells that, and a first start builds before sandboxes are there", async () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
  expect(await levelsOf([refused, new PlatformError("sandbox_unavailable", "not there yet")])).toEqual([
    "debug",
    "debug",
  ]);
});
