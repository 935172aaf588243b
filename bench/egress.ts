// P7: what the egress broker costs a request, against the plainest proxy that does the same without looking, and against no proxy.
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { Agent, request } from "node:https";
import { connect as netConnect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect as tlsConnect } from "node:tls";
import { EGRESS_HEAP_FLAGS } from "../src/egress/heap-flags.ts";
import { type Child, monotonicMs, startChild } from "./child.ts";
import type { CarrierOptions } from "./egress-carrier.ts";
import type { Figure } from "./figures.ts";
import { readPssKb } from "./machine.ts";
import { median, percentile } from "./statistics.ts";

const HOST = "api.example.com";
/** One at a time, on a warm connection, by turns with the others. */
const REQUESTS = 1_000;
const TURN = 50;
/** As many at once as connections. */
const FLOOD = { connections: 32, requests: 1_500, rounds: 5 };
const DOWNLOAD_BYTES = Number(process.env.BENCH_DOWNLOAD_MB ?? 1_000) * 1_000_000;
const DOWNLOADS = 3;
const EVENTS = 100;
const LISTENERS = 200;

type Way = { name: string; agent: Agent };

export async function benchEgress(print: (line: string) => void): Promise<Figure[]> {
  const directory = await mkdtemp(path.join(tmpdir(), "berth-bench-"));
  const children: Child[] = [];
  const start = (file: string, options: object, flags?: readonly string[]) => {
    const child = startChild(file, options, flags);
    children.push(child);
    return child;
  };
  try {
    const place = await start("egress-host.ts", { host: HOST }).next(asPlace);
    const carry = async (kind: CarrierOptions["kind"]) => {
      const socketPath = path.join(directory, kind);
      const options: CarrierOptions = { kind, host: HOST, ...place, socketPath, idle: LISTENERS };
      const child = start("egress-carrier.ts", options, kind === "broker" ? EGRESS_HEAP_FLAGS : []);
      const { ca } = await child.next(asCa);
      return { child, way: { name: kind, agent: agentFor({ path: socketPath }, ca) } };
    };
    const broker = await carry("broker");
    const plain = await carry("plain");
    const direct: Way = { name: "direct", agent: agentFor({ host: "127.0.0.1", port: place.port }, place.cert) };
    const ways = { broker: broker.way, plain: plain.way, direct };
    const figures = [
      ...(await latency(ways)),
      await throughput(ways, print),
      await download(ways, print),
      await events(ways),
      await memory(broker.child),
    ];
    for (const { agent } of Object.values(ways)) agent.destroy();
    return figures;
  } finally {
    for (const child of children) await child.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

type Ways = { broker: Way; plain: Way; direct: Way };

/** Straight TLS, as a program's connection comes from the relay in a sandbox. */
function agentFor(place: { path: string } | { host: string; port: number }, ca: string): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: FLOOD.connections });
  agent.createConnection = () => tlsConnect({ socket: netConnect(place), servername: HOST, ca });
  return agent;
}

async function ask({ agent }: Way, url: string): Promise<number> {
  const asking = request({ host: HOST, path: url, agent });
  asking.end();
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  let bytes = 0;
  for await (const piece of answer) bytes += (piece as Buffer).length;
  return bytes;
}

async function latency({ broker, plain, direct }: Ways): Promise<Figure[]> {
  const times = new Map<Way, number[]>([broker, plain, direct].map((way) => [way, []]));
  for (const way of times.keys()) for (let warm = 0; warm < 200; warm++) await ask(way, "/");
  for (let turn = 0; turn < REQUESTS / TURN; turn++)
    for (const [way, values] of times)
      for (let count = 0; count < TURN; count++) {
        const startMs = performance.now();
        await ask(way, "/");
        values.push(performance.now() - startMs);
      }
  const of = (way: Way, share: number) => percentile(times.get(way) ?? [], share);
  return [
    {
      name: `a request by a warm tunnel, p50 of ${REQUESTS} (baseline: without a proxy)`,
      ...{ value: of(broker, 0.5), baseline: of(direct, 0.5), unit: "ms" },
      goal: { of: "difference", is: "≤", limit: 3 },
      note: `p99 ${of(broker, 0.99).toFixed(1)} (direct ${of(direct, 0.99).toFixed(1)}); plain proxy p50 ${of(plain, 0.5).toFixed(2)}`,
    },
  ];
}

async function throughput({ broker, plain }: Ways, print: (line: string) => void): Promise<Figure> {
  const rates = new Map<Way, number[]>([broker, plain].map((way) => [way, []]));
  for (let round = 0; round < FLOOD.rounds; round++)
    for (const [way, values] of rates) {
      let left = FLOOD.requests;
      const startMs = performance.now();
      const sender = async () => {
        while (left-- > 0) await ask(way, "/");
      };
      await Promise.all(Array.from({ length: FLOOD.connections }, sender));
      values.push(FLOOD.requests / ((performance.now() - startMs) / 1_000));
      print(`${way.name}: ${values.at(-1)?.toFixed(0)} requests/s`);
    }
  return {
    name: `requests on ${FLOOD.connections} connections (baseline: plain proxy without checks)`,
    ...{ value: median(rates.get(broker) ?? []), baseline: median(rates.get(plain) ?? []), unit: "/s" },
    goal: { of: "ratio", is: "≥", limit: 0.85 },
  };
}

async function download({ broker, direct }: Ways, print: (line: string) => void): Promise<Figure> {
  const rates = new Map<Way, number[]>([broker, direct].map((way) => [way, []]));
  for (let round = 0; round < DOWNLOADS; round++)
    for (const [way, values] of rates) {
      const startMs = performance.now();
      const bytes = await ask(way, `/bytes/${DOWNLOAD_BYTES}`);
      if (bytes !== DOWNLOAD_BYTES) throw new Error(`${way.name} gave ${bytes} bytes`);
      values.push(bytes / 1_000_000 / ((performance.now() - startMs) / 1_000));
      print(`${way.name}: ${values.at(-1)?.toFixed(0)} MB/s`);
    }
  return {
    name: "a download of 1 GB, MB in a second (baseline: without a proxy)",
    ...{ value: median(rates.get(broker) ?? []), baseline: median(rates.get(direct) ?? []), unit: "MB" },
    goal: { of: "ratio", is: "≥", limit: 0.7 },
  };
}

async function events({ broker, direct }: Ways): Promise<Figure> {
  const [through, without] = [await delays(broker), await delays(direct)];
  return {
    name: `an event of a stream, written → read, p50 of ${EVENTS} (baseline: without a proxy)`,
    ...{ value: median(through), baseline: median(without), unit: "ms" },
    goal: { of: "difference", is: "≤", limit: 2 },
  };
}

async function delays({ agent }: Way): Promise<number[]> {
  const asking = request({ host: HOST, path: "/events", agent });
  asking.end();
  const [answer] = (await once(asking, "response")) as [IncomingMessage];
  const found: number[] = [];
  for await (const piece of answer) {
    found.push(monotonicMs() - Number(String(piece).slice("data: ".length)));
    if (found.length === EVENTS) break;
  }
  return found;
}

async function memory(child: Child): Promise<Figure> {
  const before = await readPssKb(child.pid);
  child.send({ open: LISTENERS });
  await child.next((message) => (typeof message === "object" && message && "opened" in message ? message : null));
  const each = (await readPssKb(child.pid)) - before;
  return {
    name: `memory (PSS) of an idle sandbox's listener, kB, mean of ${LISTENERS}`,
    ...{ value: each / LISTENERS, unit: "" },
    goal: { of: "value", is: "≤", limit: 100 },
  };
}

// Said by our own children; a wrong shape fails the bench.
function asPlace(message: unknown): { port: number; cert: string } | null {
  return message as { port: number; cert: string };
}

function asCa(message: unknown): { ca: string } | null {
  return message as { ca: string };
}
