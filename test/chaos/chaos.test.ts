// Whatever is killed, stopped or cut while sessions of every kind work: nothing accepted is lost, no tool runs twice, nothing is left behind.
import { expect, test } from "vitest";
import { runChaos } from "./run-chaos.ts";

const print = (line: string) => console.log(line);
const SEED = Number(process.env.CHAOS_SEED ?? 20_261_123);

test(`faults by a seeded plan (CHAOS_SEED=${SEED}) leave nothing for the oracle to find`, async () => {
  const { findings, ...figures } = await runChaos({ seed: SEED, faults: 40, sessions: 24, pauseMs: 1_500, print });
  print(JSON.stringify(figures));
  expect(findings).toEqual([]);
  expect(figures.turns).toBeGreaterThan(24);
  expect(figures.effects).toBeGreaterThan(24);
}, 600_000);

test("bugs that are planted from outside are found, each", async () => {
  const { findings } = await runChaos({
    seed: SEED,
    faults: 0,
    sessions: 8,
    pauseMs: 0,
    plant: ["drop an event", "run a tool twice", "leak a process", "leak a sandbox"],
    print,
  });
  const rules = new Set(findings.map(({ rule }) => rule));
  for (const rule of [
    "the log has no gap",
    "the stream equals the log",
    "a tool's effect happens once",
    "nothing is left",
    "no sandbox is leaked",
  ])
    expect(rules).toContain(rule);
}, 300_000);
