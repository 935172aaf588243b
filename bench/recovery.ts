// P4: how soon a session goes on after its worker was killed in the middle of a turn. Baseline: an append that nobody disturbs.
import { createWaiter, idOf, userMessage } from "./berth.ts";
import type { Figure } from "./figures.ts";
import { median, percentile } from "./statistics.ts";
import { type RunningBerth, withBerth } from "./system.ts";

const KILLS = 10;
/** A part that dies again and again is started again later and later; one that has run for ten seconds, at once. */
const WELL_MS = 11_000;

export async function benchRecovery(print: (line: string) => void): Promise<Figure[]> {
  const times = await withBerth({}, async (running) => {
    const measured: number[] = [];
    for (let index = 0; index < KILLS; index++) {
      await new Promise((resolve) => setTimeout(resolve, WELL_MS));
      measured.push(await killWithin(running));
    }
    return measured;
  });
  print(times.map((ms) => ms.toFixed(0)).join(" "));
  return [
    {
      name: `kill -9 of the worker in a turn → next event of the session, p50 of ${KILLS}`,
      value: median(times) / 1000,
      unit: "s",
      goal: { of: "value", is: "≤", limit: 1 },
      note: `p95 ${(percentile(times, 0.95) / 1000).toFixed(2)} s, slowest ${(Math.max(...times) / 1000).toFixed(2)} s`,
    },
  ];
}

/** A command runs; its worker dies; whoever follows the session sees that another life of the worker has it. */
async function killWithin({ system, berth, agentId, environmentId }: RunningBerth): Promise<number> {
  const session = await berth.post("/v1/sessions", {
    agent: agentId,
    environment_id: environmentId,
    initial_events: [userMessage("RUNCMD[sleep 4]")],
  });
  const waiter = createWaiter();
  const stream = await berth.follow(idOf(session), 0, waiter.onEvent);
  try {
    await waiter.wait(({ type }) => type === "agent.tool_use");
    const from = waiter.events.length;
    const startMs = performance.now();
    await system.killPart("worker");
    const next = await waiter.wait(({ type }) => type === "session.status_rescheduled", { from });
    await waiter.wait(({ type }) => type === "session.status_idle", { from });
    return next.atMs - startMs;
  } finally {
    stream.close();
  }
}
