// Many SSE subscribers in a process of their own: plain sockets that count the frames with a marker and note when they came.
import { connect, type Socket } from "node:net";
import { endWithBench, monotonicMs, readOptions, say } from "./child.ts";
import { MARK, type Round, type RoundDone, type SubscribersOptions } from "./marks.ts";

const { url, headers, count } = readOptions<SubscribersOptions>();
endWithBench();

let round = 0;
let expected = 0;
let deliveries = 0;
/** Counts of latencies, one bucket each 0.1 ms: a hundred thousand values need no list. */
let buckets = new Map<number, number>();
const BUCKET_MS = 0.1;

process.on("message", (message: Round) => {
  round = message.round;
  expected = message.deliveries;
  deliveries = 0;
  buckets = new Map();
  say({ counting: round });
});

const sockets = await Promise.all(Array.from({ length: count }, open));
say({ open: sockets.length });

function open(): Promise<Socket> {
  const { hostname, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({ host: `${hostname}:${port}`, accept: "text/event-stream", ...headers });
  socket.write(
    `GET ${pathname}${search} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
  );
  return new Promise((resolve, reject) => {
    let opened = false;
    let rest = "";
    socket.on("error", reject);
    socket.on("close", () => reject(new Error("a stream was closed by the server")));
    socket.on("data", (bytes) => {
      const atMs = monotonicMs();
      const text = rest + bytes.toString("latin1");
      if (!opened && text.includes("\r\n\r\n")) {
        if (!text.startsWith("HTTP/1.1 200")) reject(new Error(text.slice(0, 200)));
        opened = true;
        resolve(socket);
      }
      rest = countMarks(text, atMs);
    });
  });
}

/** Counts the marks in the text and returns what may be the beginning of the next one. */
function countMarks(text: string, atMs: number): string {
  const prefix = `${MARK}${round}:`;
  let from = 0;
  for (;;) {
    const start = text.indexOf(prefix, from);
    if (start < 0) return text.slice(Math.max(from, text.length - prefix.length));
    const end = text.indexOf(":", start + prefix.length);
    if (end < 0) return text.slice(start);
    const bucket = Math.round((atMs - Number(text.slice(start + prefix.length, end))) / BUCKET_MS);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    deliveries++;
    from = end;
    if (deliveries === expected) finish(atMs);
  }
}

function finish(lastMs: number): void {
  say({ round, deliveries, lastMs, p50Ms: percentileOf(0.5), p99Ms: percentileOf(0.99) } satisfies RoundDone);
}

function percentileOf(share: number): number {
  let left = Math.ceil(share * deliveries);
  for (const [bucket, size] of [...buckets].sort(([a], [b]) => a - b)) {
    left -= size;
    if (left <= 0) return bucket * BUCKET_MS;
  }
  return Number.NaN;
}
