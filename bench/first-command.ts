// P1: from creating a session to the result of its first command, one at a time and a hundred at once.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createWaiter, idOf, userMessage } from "./berth.ts";
import type { Figure } from "./figures.ts";
import { median, percentile } from "./statistics.ts";
import { type RunningBerth, withBerth } from "./system.ts";

const COMMAND = "echo ready";
const WARM_RUNS = 20;
const COLD_RUNS = 10;
const BURST = 100;
/** A blank sandbox counts as ready when the number of sandbox processes has not changed for this long. */
const REFILL_QUIET_MS = 700;

const run = promisify(execFile);

export async function benchFirstCommand(print: (line: string) => void): Promise<Figure[]> {
  const warm = await withBerth({}, (berth) =>
    inTurns(
      WARM_RUNS,
      () => refilled(berth),
      () => firstCommand(berth),
    ),
  );
  print(`warm: ${summary(warm.ours)}; raw ${summary(warm.raw)}`);
  const cold = await withBerth({ env: { BERTH_SANDBOX_WARM: "0" } }, (berth) =>
    inTurns(
      COLD_RUNS,
      () => restOfMachine(),
      () => firstCommand(berth),
    ),
  );
  print(`cold: ${summary(cold.ours)}; raw ${summary(cold.raw)}`);
  const { burst, rawBurst } = await withBerth({}, async (berth) => {
    await firstCommand(berth);
    await refilled(berth);
    return { rawBurst: await atOnce(BURST, rawSandbox), burst: await atOnce(BURST, () => firstCommand(berth)) };
  });

  const failed = burst.failures.length;
  if (failed > 0) throw new Error(`${failed} of ${BURST} at once failed; the first: ${burst.failures[0]}`);
  return [
    {
      name: `session create → first result, warm pool, p50 of ${WARM_RUNS}`,
      value: median(warm.ours),
      unit: "ms",
      baseline: median(warm.raw),
      goal: { of: "ratio", is: "≤", limit: 1 },
      note: `p95 ${percentile(warm.ours, 0.95).toFixed(0)} ms`,
    },
    {
      name: `the same without a warm pool, p50 of ${COLD_RUNS}`,
      value: median(cold.ours),
      unit: "ms",
      baseline: median(cold.raw),
      goal: { of: "ratio", is: "≤", limit: 2 },
      note: `p95 ${percentile(cold.ours, 0.95).toFixed(0)} ms`,
    },
    {
      name: `${BURST} at once: all have their result`,
      value: burst.totalMs / 1000,
      unit: "s",
      baseline: rawBurst.totalMs / 1000,
      goal: { of: "ratio", is: "≤", limit: 2 },
      note: `p50 ${median(burst.values).toFixed(0)}, p95 ${percentile(burst.values, 0.95).toFixed(0)} ms`,
    },
    {
      name: `${BURST} at once: success`,
      value: (100 * burst.values.length) / BURST,
      unit: "%",
      goal: { of: "value", is: "≥", limit: 100 },
    },
  ];
}

/** Creates a session with its first message and waits for the tool's result; then for the end of the turn, unmeasured. */
async function firstCommand({ berth, agentId, environmentId }: RunningBerth): Promise<number> {
  const startMs = performance.now();
  const session = await berth.post("/v1/sessions", {
    agent: agentId,
    environment_id: environmentId,
    initial_events: [userMessage(`RUNCMD[${COMMAND}]`)],
  });
  const waiter = createWaiter();
  const stream = await berth.follow(idOf(session), 0, waiter.onEvent);
  try {
    const result = await waiter.wait(({ type }) => type === "agent.tool_result" || type === "session.error");
    const text = JSON.stringify(result.event);
    if (result.event.is_error !== false || !text.includes("ready")) throw new Error(`the command failed: ${text}`);
    await waiter.wait(({ type }) => type === "session.status_idle");
    return result.atMs - startMs;
  } finally {
    stream.close();
  }
}

/** What anybody would do without us: a namespace of its own, Node in it, the command from there. Without .bashrc, which bash reads when its input is a socket. */
async function rawSandbox(): Promise<number> {
  const script = `const { stdout } = require("node:child_process").spawnSync("/bin/bash", ["--norc", "-c", ${JSON.stringify(COMMAND)}]); process.stdout.write(stdout)`;
  const startMs = performance.now();
  const { stdout } = await run("bwrap", [
    ...[
      "--unshare-all",
      "--die-with-parent",
      "--ro-bind",
      "/",
      "/",
      "--proc",
      "/proc",
      "--dev",
      "/dev",
      "--tmpfs",
      "/tmp",
      // The checkout may lie below /tmp.
      "--ro-bind",
      process.execPath,
      process.execPath,
    ],
    ...[process.execPath, "-e", script],
  ]);
  if (!stdout.includes("ready")) throw new Error(`raw bwrap printed ${JSON.stringify(stdout)}`);
  return performance.now() - startMs;
}

/** Waits until the pool has stopped making sandboxes, so that each run finds a warm one. */
async function refilled(berth: RunningBerth): Promise<void> {
  const deadline = Date.now() + 30_000;
  let seen = "";
  let sinceMs = Date.now();
  while (Date.now() < deadline) {
    const now = (await berth.processes())
      .map(({ pid }) => pid)
      .sort()
      .join();
    if (now !== seen) {
      seen = now;
      sinceMs = Date.now();
    } else if (Date.now() - sinceMs >= REFILL_QUIET_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the warm pool did not come to rest within 30 s");
}

/** The baseline and we take turns, so that both see the same machine. The first of each pays for caches and is left out. */
async function inTurns(
  count: number,
  between: () => Promise<void>,
  once: () => Promise<number>,
): Promise<{ ours: number[]; raw: number[] }> {
  await rawSandbox();
  await once();
  const ours: number[] = [];
  const raw: number[] = [];
  for (let index = 0; index < count; index++) {
    await between();
    raw.push(await rawSandbox());
    await between();
    ours.push(await once());
  }
  return { ours, raw };
}

function summary(values: readonly number[]): string {
  return `p50 ${median(values).toFixed(0)}, p95 ${percentile(values, 0.95).toFixed(0)} ms`;
}

/** What the run before has left to do, like removing its namespaces, must not slow the next one. */
function restOfMachine(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

async function atOnce(
  count: number,
  once: () => Promise<number>,
): Promise<{ totalMs: number; values: number[]; failures: string[] }> {
  const startMs = performance.now();
  const settled = await Promise.allSettled(Array.from({ length: count }, once));
  return {
    totalMs: performance.now() - startMs,
    values: settled.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : [])),
    failures: settled.flatMap((outcome) => (outcome.status === "rejected" ? [String(outcome.reason)] : [])),
  };
}
