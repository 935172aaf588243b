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
  const raw = await measure(WARM_RUNS, rawSandbox);
  print(
    `raw bwrap + node + command: p50 ${median(raw).toFixed(1)} ms, p95 ${percentile(raw, 0.95).toFixed(1)} ms (n=${raw.length})`,
  );

  const warm = await withBerth({}, async (berth) => {
    await refilled(berth);
    return measure(
      WARM_RUNS,
      () => firstCommand(berth),
      () => refilled(berth),
    );
  });
  const cold = await withBerth({ env: { BERTH_SANDBOX_WARM: "0" } }, (berth) =>
    measure(COLD_RUNS, () => firstCommand(berth)),
  );
  const burst = await withBerth({}, async (berth) => {
    await refilled(berth);
    return atOnce(BURST, () => firstCommand(berth));
  });
  const rawBurst = await atOnce(BURST, rawSandbox);

  const failed = burst.failures.length;
  if (failed > 0) throw new Error(`${failed} of ${BURST} at once failed; the first: ${burst.failures[0]}`);
  return [
    {
      name: `session create → first result, warm pool, p50 of ${WARM_RUNS}`,
      value: median(warm),
      unit: "ms",
      baseline: median(raw),
      goal: { of: "ratio", is: "≤", limit: 1 },
      note: `p95 ${percentile(warm, 0.95).toFixed(0)} ms`,
    },
    {
      name: `the same without a warm pool, p50 of ${COLD_RUNS}`,
      value: median(cold),
      unit: "ms",
      baseline: median(raw),
      goal: { of: "ratio", is: "≤", limit: 2 },
      note: `p95 ${percentile(cold, 0.95).toFixed(0)} ms`,
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

/** What anybody would do without us: a namespace of its own, Node in it, the command from there. */
async function rawSandbox(): Promise<number> {
  const script = `const { stdout } = require("node:child_process").spawnSync("/bin/bash", ["-c", ${JSON.stringify(COMMAND)}]); process.stdout.write(stdout)`;
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

async function measure(count: number, once: () => Promise<number>, between?: () => Promise<void>): Promise<number[]> {
  const values: number[] = [];
  await once(); // the first pays for caches that everybody has afterwards
  for (let index = 0; index < count; index++) {
    await between?.();
    values.push(await once());
  }
  return values;
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
