// What 200 open tabs of the dashboard add: the same turns with and without them, on the same server, taking turns.
import { readFile } from "node:fs/promises";
import { idOf } from "./berth.ts";
import { type Child, startChild } from "./child.ts";
import { oneReader } from "./delivery.ts";
import type { Figure } from "./figures.ts";
import { readPssKb } from "./machine.ts";
import type { SubscribersOptions } from "./marks.ts";
import { median, percentile } from "./statistics.ts";
import { type RunningBerth, withBerth } from "./system.ts";

const TABS = 200;
const ROUNDS = 3;
const REST_MS = 8_000;
/** Of /proc: on every Linux that we know. */
const TICK_MS = 10;

type Seen = { latencies: number[]; cpuPerTurnMs: number[]; restPercent: number[]; pssMb: number[] };

export async function benchTabs(print: (line: string) => void): Promise<Figure[]> {
  return withBerth({}, async (running) => {
    const { berth, agentId, environmentId } = running;
    const shown = idOf(await berth.post("/v1/sessions", { agent: agentId, environment_id: environmentId }));
    // What was not compiled yet, and the connections to the database, are nobody's fault.
    await oneReader(running, { busy: false });
    const seen = { none: emptySeen(), tabs: emptySeen() };
    for (let round = 1; round <= ROUNDS; round++) {
      await look(running, seen.none);
      const tabs = await openTabs(running, shown);
      try {
        await look(running, seen.tabs);
      } finally {
        await tabs.stop();
      }
      const [none, open] = [seen.none, seen.tabs].map(({ latencies }) => median(latencies).toFixed(2));
      print(`after round ${round}: p50 ${none} ms without tabs, ${open} ms with ${TABS}`);
    }
    return [
      {
        name: `POST event → read, each a turn, p50, with ${TABS} open tabs (baseline: none)`,
        value: median(seen.tabs.latencies),
        baseline: median(seen.none.latencies),
        unit: "ms",
        goal: { of: "ratio", is: "≤", limit: 1.5 },
        note: `p99 ${percentile(seen.tabs.latencies, 0.99).toFixed(1)} ms (none ${percentile(seen.none.latencies, 0.99).toFixed(1)})`,
      },
      {
        name: "processor time of web for each of these turns",
        value: median(seen.tabs.cpuPerTurnMs),
        baseline: median(seen.none.cpuPerTurnMs),
        unit: "ms",
      },
      {
        name: `processor of web at rest, ${TABS} tabs, of one core`,
        value: median(seen.tabs.restPercent),
        baseline: median(seen.none.restPercent),
        unit: "%",
      },
      {
        name: `memory (PSS) of web with ${TABS} tabs`,
        value: median(seen.tabs.pssMb),
        baseline: median(seen.none.pssMb),
        unit: "MB",
      },
    ];
  });
}

const emptySeen = (): Seen => ({ latencies: [], cpuPerTurnMs: [], restPercent: [], pssMb: [] });

async function look(running: RunningBerth, seen: Seen): Promise<void> {
  const web = await running.system.pid("web");
  if (web === null) throw new Error("web has no pid file");
  const beforeMs = await cpuMs(web);
  const latencies = await oneReader(running, { busy: false });
  const afterMs = await cpuMs(web);
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const restedMs = await cpuMs(web);
  seen.latencies.push(...latencies);
  seen.cpuPerTurnMs.push((afterMs - beforeMs) / latencies.length);
  seen.restPercent.push(((restedMs - afterMs) / REST_MS) * 100);
  seen.pssMb.push((await readPssKb(web)) / 1024);
}

/** Each with the team's stream and the events of one session, as a browser with one tab has it. */
async function openTabs({ system }: RunningBerth, sessionId: string): Promise<Child> {
  const options: SubscribersOptions = {
    url: `${system.url}/v1/sessions/stream?session_ids[]=${sessionId}:0&event_deltas[]=agent.message`,
    headers: { "x-api-key": system.apiKey },
    count: TABS,
  };
  const child = startChild("subscribers.ts", options);
  await child.next((message) => (typeof message === "object" && message !== null && "open" in message ? true : null));
  return child;
}

/** User and system time of a process since it began. */
async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  // The name, in brackets, may hold anything; the fields after it are numbers.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}
