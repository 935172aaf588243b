// P3: what Berth adds to each model request and each tool call, against a bare loop that does the same HTTP and spawns.

import { createBareAgent } from "./bare-agent.ts";
import { createWaiter, idOf, type StreamedEvent, userMessage } from "./berth.ts";
import type { Figure } from "./figures.ts";
import { mean, median } from "./statistics.ts";
import { type RunningBerth, withBerth } from "./system.ts";

const ROUNDS = 20;
/** Unmeasured: both sides run compiled code afterwards. */
const WARM_UP_TURNS = 60;
const TURNS_WITH_TOOLS = 9;
const TURNS_WITHOUT_TOOLS = 20;
const STEPS = `STEPS[${Array.from({ length: ROUNDS }, () => "true").join("|")}]`;
const PLAIN = "FAST";

/** Means over the steps of a turn, in milliseconds. */
type TurnSteps = { modelMs: number; toolMs: number };

export async function benchOverhead(print: (line: string) => void): Promise<Figure[]> {
  return withBerth({}, async (running) => {
    const bare = createBareAgent(running.providerUrl);
    const session = await openSession(running);
    try {
      for (let turn = 0; turn < WARM_UP_TURNS; turn++) {
        const text = turn % 2 === 0 ? PLAIN : "RUNCMD[true]";
        await session.turn(text);
        await bare.turn(text);
      }

      const berthPlain: number[] = [];
      const barePlain: number[] = [];
      for (let turn = 0; turn < TURNS_WITHOUT_TOOLS; turn++) {
        berthPlain.push((await session.turn(PLAIN)).totalMs);
        barePlain.push((await bare.turn(PLAIN)).totalMs);
      }

      const berthSteps: TurnSteps[] = [];
      const bareSteps: TurnSteps[] = [];
      for (let turn = 0; turn < TURNS_WITH_TOOLS; turn++) {
        // A new session each time, and a bare loop without history: both send the same number of messages.
        const fresh = await openSession(running);
        await fresh.turn("RUNCMD[true]");
        berthSteps.push((await fresh.turn(STEPS)).steps);
        fresh.close();
        const freshBare = createBareAgent(running.providerUrl);
        await freshBare.turn("RUNCMD[true]");
        bareSteps.push((await freshBare.turn(STEPS)).steps);
        freshBare.close();
        print(`turn ${turn + 1}: ${describe("Berth", berthSteps)}, ${describe("bare", bareSteps)}`);
      }
      return [
        difference(
          `model request within a turn of ${ROUNDS} tool rounds`,
          median(berthSteps.map(({ modelMs }) => modelMs)),
          median(bareSteps.map(({ modelMs }) => modelMs)),
          15,
        ),
        difference(
          `tool call (bash: true) within that turn`,
          median(berthSteps.map(({ toolMs }) => toolMs)),
          median(bareSteps.map(({ toolMs }) => toolMs)),
          10,
        ),
        difference(
          `turn without tools: message → idle, p50 of ${TURNS_WITHOUT_TOOLS}`,
          median(berthPlain),
          median(barePlain),
          15,
        ),
      ];
    } finally {
      session.close();
      bare.close();
    }
  });
}

function difference(name: string, value: number, baseline: number, limitMs: number): Figure {
  return {
    name,
    value,
    unit: "ms",
    baseline,
    goal: { of: "difference", is: "≤", limit: limitMs },
    note: `Berth adds ${(value - baseline).toFixed(1)} ms`,
  };
}

function describe(name: string, steps: readonly TurnSteps[]): string {
  const last = steps.at(-1);
  return `${name} model ${last?.modelMs.toFixed(1)} ms, tool ${last?.toolMs.toFixed(1)} ms`;
}

type Turn = { totalMs: number; steps: TurnSteps };

async function openSession({ berth, agentId, environmentId }: RunningBerth): Promise<{
  turn(text: string): Promise<Turn>;
  close(): void;
}> {
  const id = idOf(await berth.post("/v1/sessions", { agent: agentId, environment_id: environmentId }));
  const waiter = createWaiter();
  const stream = await berth.follow(id, 0, waiter.onEvent);
  return {
    async turn(text) {
      const from = waiter.events.length;
      const startMs = performance.now();
      await berth.post(`/v1/sessions/${id}/events`, { events: [userMessage(text)] });
      const idle = await waiter.wait(({ type }) => type === "session.status_idle", { from });
      const events = waiter.events.slice(from);
      const failure = events.find(({ type, event }) => type === "session.error" || event.is_error === true);
      if (failure) throw new Error(`the turn failed: ${JSON.stringify(failure.event)}`);
      return { totalMs: idle.atMs - startMs, steps: stepsOf(events) };
    },
    close: stream.close,
  };
}

/** From result to next call is a model request, from call to result a tool; the sums leave out the first and last request. */
function stepsOf(events: readonly StreamedEvent[]): TurnSteps {
  const uses = events.filter(({ type }) => type === "agent.tool_use");
  const results = events.filter(({ type }) => type === "agent.tool_result");
  const between = (from: readonly StreamedEvent[], to: readonly StreamedEvent[]): number =>
    mean(to.map((event, index) => event.atMs - (from[index]?.atMs ?? Number.NaN)));
  return { modelMs: between(results.slice(0, -1), uses.slice(1)), toolMs: between(uses, results) };
}
