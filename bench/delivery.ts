// P2: from POSTing an event to reading it from the stream, for one reader and for a thousand.
import { createBerth, createWaiter, idOf, userMessage } from "./berth.ts";
import { type Child, monotonicMs, startChild } from "./child.ts";
import type { Figure } from "./figures.ts";
import { markNow, type Round, type RoundDone, type SubscribersOptions } from "./marks.ts";
import { mean, median, percentile } from "./statistics.ts";
import { type RunningBerth, urlOf, withBerth } from "./system.ts";

const EVENTS = 300;
const SUBSCRIBERS = 1_000;
/** Rounds of each kind and side; the sides take turns. */
const ROUNDS = 3;
/** As fast as it goes, from this many senders. */
const FLOOD = { events: 100, senders: 4 };
/** Far below what either side can do, so that the latency is not that of a queue. */
const PACED = { events: 40, everyMs: 100 };

export async function benchDelivery(print: (line: string) => void): Promise<Figure[]> {
  return withBerth({}, async (running) => {
    const idle = await oneReader(running, { busy: false });
    print(
      `one reader, a turn behind each message: p50 ${median(idle).toFixed(2)}, p99 ${percentile(idle, 0.99).toFixed(2)} ms`,
    );
    const busy = await oneReader(running, { busy: true });
    const bare = await bareReader();
    return [
      {
        name: `POST event → read from the stream, p50 of ${EVENTS}`,
        value: median(busy),
        unit: "ms",
        baseline: median(bare),
        goal: { of: "value", is: "≤", limit: 3 },
        note: `p99 ${percentile(busy, 0.99).toFixed(1)} ms (bare ${percentile(bare, 0.99).toFixed(1)})`,
      },
      {
        name: "the same, to an idle session: each message starts a turn",
        value: median(idle),
        unit: "ms",
        baseline: median(bare),
        goal: { of: "value", is: "≤", limit: 3 },
        note: `p99 ${percentile(idle, 0.99).toFixed(1)} ms`,
      },
      ...(await fanOut(running, print)),
    ];
  });
}

export async function oneReader(
  { berth, agentId, environmentId }: RunningBerth,
  options: { busy: boolean },
): Promise<number[]> {
  const id = idOf(await berth.post("/v1/sessions", { agent: agentId, environment_id: environmentId }));
  const waiter = createWaiter();
  const stream = await berth.follow(id, 0, waiter.onEvent);
  try {
    if (options.busy) await holdTurn(berth, id, waiter);
    const values: number[] = [];
    for (let event = 0; event < EVENTS; event++) {
      const from = waiter.events.length;
      const mark = markNow(event);
      const startMs = performance.now();
      const posted = berth.post(`/v1/sessions/${id}/events`, { events: [userMessage(`FAST ${mark}`)] });
      const read = await waiter.wait((seen) => JSON.stringify(seen.event).includes(mark), { from });
      values.push(read.atMs - startMs);
      await posted;
      if (!options.busy) await waiter.wait(({ type }) => type === "session.status_idle", { from });
    }
    return values;
  } finally {
    stream.close();
  }
}

/** Starts a turn whose answer is held back, so that what follows is only delivered. */
async function holdTurn(
  berth: RunningBerth["berth"],
  id: string,
  waiter: ReturnType<typeof createWaiter>,
): Promise<void> {
  await berth.post(`/v1/sessions/${id}/events`, { events: [userMessage("HOLD")] });
  await waiter.wait(({ type }) => type === "span.model_request_start");
}

/** The same POST and the same reading, with nothing but a Node server between them. */
async function bareReader(): Promise<number[]> {
  const raw = startChild("raw-sse-server.ts", {});
  const url = await raw.next(urlOf);
  const client = createBerth({ url, apiKey: "bench" });
  const waiter = createWaiter();
  const stream = await client.follow("bench", null, waiter.onEvent);
  try {
    const values: number[] = [];
    for (let event = 0; event < EVENTS; event++) {
      const startMs = performance.now();
      const posted = client.postText("/", frameOf(event + 1, userMessage(`FAST ${markNow(event)}`)));
      const read = await waiter.wait(({ seq }) => seq === event + 1, { from: event });
      values.push(read.atMs - startMs);
      await posted;
    }
    return values;
  } finally {
    stream.close();
    client.close();
    await raw.stop();
  }
}

type Side = { subscribers: Child; send(text: string): Promise<unknown> };

async function fanOut(
  { berth, system, agentId, environmentId }: RunningBerth,
  print: (line: string) => void,
): Promise<Figure[]> {
  const id = idOf(await berth.post("/v1/sessions", { agent: agentId, environment_id: environmentId }));
  const waiter = createWaiter();
  const stream = await berth.follow(id, 0, waiter.onEvent);
  await holdTurn(berth, id, waiter);
  stream.close();
  const raw = startChild("raw-sse-server.ts", {});
  const children = [raw];
  try {
    const rawUrl = await raw.next(urlOf);
    const rawClient = createBerth({ url: rawUrl, apiKey: "bench" });
    const streamUrl = `${system.url}/v1/sessions/${id}/events/stream`;
    let rawSeq = 0;
    const bare: Side = {
      subscribers: await subscribe({ url: rawUrl, headers: {}, count: SUBSCRIBERS }, children),
      send: (text) => rawClient.postText("/", frameOf(++rawSeq, userMessage(text))),
    };
    const ours: Side = {
      subscribers: await subscribe(
        { url: streamUrl, headers: { "x-api-key": system.apiKey }, count: SUBSCRIBERS },
        children,
      ),
      send: (text) => berth.post(`/v1/sessions/${id}/events`, { events: [userMessage(text)] }),
    };

    let round = 0;
    const seen = { ours: { flood: [], paced: [] }, bare: { flood: [], paced: [] } } as Seen;
    for (let turn = 0; turn < ROUNDS; turn++) {
      for (const [name, side] of [
        ["bare", bare],
        ["ours", ours],
      ] as const) {
        seen[name].flood.push(await flood(side, ++round));
        seen[name].paced.push(await paced(side, ++round));
        print(
          `${name} round ${turn + 1}: ${seen[name].flood.at(-1)?.perSecond.toFixed(0)} deliveries/s, paced p50 ${seen[name].paced.at(-1)?.p50Ms.toFixed(1)} ms`,
        );
      }
    }
    rawClient.close();
    return [
      {
        name: `${SUBSCRIBERS} subscribers: deliveries, as fast as it goes`,
        value: median(seen.ours.flood.map(({ perSecond }) => perSecond)),
        unit: "/s",
        baseline: median(seen.bare.flood.map(({ perSecond }) => perSecond)),
        goal: { of: "ratio", is: "≥", limit: 0.7 },
        note: `${FLOOD.events} events from ${FLOOD.senders} senders`,
      },
      {
        name: `${SUBSCRIBERS} subscribers, ${1_000 / PACED.everyMs} events/s: p50 over all deliveries`,
        value: median(seen.ours.paced.map(({ p50Ms }) => p50Ms)),
        unit: "ms",
        baseline: median(seen.bare.paced.map(({ p50Ms }) => p50Ms)),
        note: `p99 ${mean(seen.ours.paced.map(({ p99Ms }) => p99Ms)).toFixed(0)} ms (bare ${mean(seen.bare.paced.map(({ p99Ms }) => p99Ms)).toFixed(0)})`,
      },
    ];
  } finally {
    for (const child of children) await child.stop();
  }
}

type Seen = Record<"ours" | "bare", { flood: { perSecond: number }[]; paced: RoundDone[] }>;

async function subscribe(options: SubscribersOptions, children: Child[]): Promise<Child> {
  const child = startChild("subscribers.ts", options);
  children.push(child);
  await child.next((message) => (hasKey(message, "open") ? true : null));
  return child;
}

async function flood(side: Side, round: number): Promise<{ perSecond: number }> {
  const deliveries = FLOOD.events * SUBSCRIBERS;
  await count(side, { round, deliveries });
  const startMs = monotonicMs();
  let left = FLOOD.events;
  const sender = async (): Promise<void> => {
    while (left-- > 0) await side.send(markNow(round));
  };
  const [done] = await Promise.all([finished(side, round), ...Array.from({ length: FLOOD.senders }, sender)]);
  return { perSecond: (deliveries * 1_000) / (done.lastMs - startMs) };
}

async function paced(side: Side, round: number): Promise<RoundDone> {
  await count(side, { round, deliveries: PACED.events * SUBSCRIBERS });
  const done = finished(side, round);
  for (let event = 0; event < PACED.events; event++) {
    const next = new Promise((resolve) => setTimeout(resolve, PACED.everyMs));
    await side.send(markNow(round));
    await next;
  }
  return done;
}

async function count(side: Side, round: Round): Promise<void> {
  side.subscribers.send(round);
  await side.subscribers.next((message) =>
    hasKey(message, "counting") && message.counting === round.round ? true : null,
  );
}

function finished(side: Side, round: number): Promise<RoundDone> {
  // What `subscribers.ts` says at the end of a round.
  return side.subscribers.next((message) =>
    hasKey(message, "round") && message.round === round ? (message as RoundDone) : null,
  );
}

function hasKey<Key extends string>(message: unknown, key: Key): message is Record<Key, unknown> {
  return typeof message === "object" && message !== null && key in message;
}

/** The frame that Berth would write for this event, of the same length. */
function frameOf(seq: number, event: object): string {
  const stored = { id: "sevt_0000000000000000000000000", ...event, processed_at: null };
  return `event: user.message\nid: ${seq}\ndata: ${JSON.stringify(stored)}\n\n`;
}
