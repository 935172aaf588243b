// The hub gives each stream what comes after its own place, whatever the hub itself has or has not heard of.
import { afterEach, describe, expect, test, vi } from "vitest";
import { until } from "../../test/support/until.ts";
import type { PreviewEvent } from "../contract/events.ts";
import { createLogger } from "../lib/logger.ts";
import { createEventHub, type EventHub } from "./event-hub.ts";
import type { LogEntry } from "./sse-frame.ts";
import type { Sink } from "./subscriber.ts";

const SESSION = "sesn_00000000000000000000000000";
let hub: EventHub | null = null;
afterEach(() => {
  hub?.close();
  vi.useRealTimers();
});

/** A log in memory; `wake` is what a notification does. */
function setUp() {
  const log: LogEntry[] = [];
  const wanted: string[] = [];
  let exists = true;
  const started = createEventHub({
    readLog: async ({ after, limit }) => (exists ? log.filter((entry) => entry.seq > after).slice(0, limit) : []),
    lastSeqs: async () => new Map(exists ? [[SESSION, log.length]] : []),
    wantPreviews: (sessionId) => wanted.push(sessionId),
    logger: createLogger("test", { level: "silent", pretty: false }),
  });
  hub = started;
  const grow = (count: number) => {
    for (let index = 0; index < count; index++) {
      const seq = log.length + 1;
      log.push({ seq, id: `sevt_${seq}`, type: "agent.thinking", payload: {}, echo: false, processedAt: new Date(0) });
    }
  };
  const wake = () => started.logGrew({ sessionId: SESSION, lastSeq: log.length });
  const remove = () => {
    exists = false;
    started.logGrew({ sessionId: SESSION, lastSeq: log.length + 1 });
  };
  const subscribe = async (after: number | null, previews: string[] = []) => {
    const sink = createSink();
    await started.subscribe({ sessionId: SESSION, after, previews: new Set(previews), sink });
    return sink;
  };
  return { hub: started, log, wanted, grow, wake, remove, subscribe };
}

type FakeSink = Sink & { text: string; ended: boolean; ids(): number[] };
/** Takes everything at once. */
function createSink(): FakeSink {
  const sink = {
    text: "",
    ended: false,
    writableLength: 0,
    writableNeedDrain: false,
    ids: () => [...sink.text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1])),
    write: (chunk: unknown) => {
      sink.text += String(chunk);
      return true;
    },
    end: () => {
      sink.ended = true;
    },
    once: () => sink,
    off: () => sink,
    destroy: () => sink,
  };
  // The hub uses the members above only.
  return sink as unknown as FakeSink;
}
/** Takes one piece, and the next only after `drain`. */
function createBusySink(): FakeSink & { drain(): void } {
  const waiting = new Set<() => void>();
  const sink = Object.assign(createSink(), {
    writableNeedDrain: false,
    once: (_event: string, listener: () => void) => waiting.add(listener),
    off: (_event: string, listener: () => void) => waiting.delete(listener),
    drain() {
      sink.writableNeedDrain = false;
      for (const listener of [...waiting].splice(0)) listener();
    },
  });
  const { write } = sink;
  return Object.assign(sink, {
    write: (chunk: unknown) => {
      write(chunk as Buffer);
      sink.writableNeedDrain = true;
      return false;
    },
  }) as unknown as FakeSink & { drain(): void };
}
const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("a stream that resumes further than the hub has heard gets nothing twice", async () => {
  const { grow, wake, subscribe } = setUp();
  grow(3);
  const first = await subscribe(0);
  // Told to other processes, not to this one.
  grow(5);
  const second = await subscribe(8);
  const now = await subscribe(null);
  grow(1);
  wake();
  await settled();
  expect(first.ids()).toEqual(range(1, 9));
  expect(second.ids()).toEqual([9]);
  expect(now.ids()).toEqual([9]);
});

test("a stream that is behind the ring is brought up from the log, then goes on", async () => {
  const { grow, wake, subscribe } = setUp();
  const early = await subscribe(null);
  for (let round = 0; round < 5; round++) {
    grow(500);
    wake();
    await settled();
  }
  const late = await subscribe(7);
  grow(2);
  wake();
  await settled();
  expect(late.ids()).toEqual(range(8, 2502));
  expect(early.ids()).toEqual(range(1, 2502));
});

test("what was just stored is given on without reading, unless something else came in between", async () => {
  const { hub, log, grow, subscribe } = setUp();
  const sink = await subscribe(null);
  grow(1);
  hub.logGrew({ sessionId: SESSION, lastSeq: 1, added: log.slice(0, 1) });
  expect(sink.ids()).toEqual([1]);
  grow(2);
  // The third entry is told first: the second must come before it all the same.
  hub.logGrew({ sessionId: SESSION, lastSeq: 3, added: log.slice(2, 3) });
  hub.logGrew({ sessionId: SESSION, lastSeq: 2, added: log.slice(1, 2) });
  await settled();
  expect(sink.ids()).toEqual([1, 2, 3]);
});

test("a wake-up that comes before its time is no deletion", async () => {
  const { hub, grow, wake, subscribe } = setUp();
  const sink = await subscribe(null);
  hub.logGrew({ sessionId: SESSION, lastSeq: 1 });
  await settled();
  expect(sink.ended).toBe(false);
  grow(1);
  wake();
  await settled();
  expect(sink.ids()).toEqual([1]);
});

test("a deleted session ends every stream with the last word", async () => {
  const { grow, remove, subscribe } = setUp();
  grow(2);
  const sinks = [await subscribe(null), await subscribe(0)];
  remove();
  await settled();
  for (const sink of sinks) {
    expect(sink.text).toMatch(/event: session\.deleted\nid: 3\n/);
    expect(sink.ended).toBe(true);
  }
});

const messageStart = (id: string): PreviewEvent => ({ type: "event_start", event: { type: "agent.message", id } });
const messageDelta = (id: string, text: string): PreviewEvent => ({
  type: "event_delta",
  event_id: id,
  delta: { type: "content_delta", index: 0, content: { type: "text", text } },
});
const outputStart = (id: string, call: string): PreviewEvent => ({
  type: "event_start",
  event: { type: "agent.tool_result", id, tool_use_id: call },
});
const outputDelta = (id: string, call: string, byte_offset: number, text: string): PreviewEvent => ({
  type: "event_delta",
  event_id: id,
  tool_use_id: call,
  delta: { type: "content_delta", index: 0, content: { type: "text", text }, byte_offset, byte_count: text.length },
});
const typesIn = ({ text }: FakeSink) => [...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1]);
/** Of each piece of output that came: where it begins, and what it is. */
const outputIn = ({ text }: FakeSink) =>
  [...text.matchAll(/^data: (.*byte_offset.*)$/gm)].map((match) => {
    const { delta } = JSON.parse(match[1] ?? "");
    return `${delta.byte_offset} ${delta.content.text}`;
  });

test("a preview waits for the entries before it, and is dropped once its event is there", async () => {
  const { hub, grow, wake, subscribe } = setUp();
  const sink = await subscribe(null, ["agent.message"]);
  grow(1);
  wake();
  hub.preview({ sessionId: SESSION, data: messageStart("sevt_x") });
  await settled();
  expect(typesIn(sink)).toEqual(["agent.thinking", "event_start"]);
  hub.preview({ sessionId: SESSION, data: messageDelta("sevt_unknown", "x") });
  expect(typesIn(sink)).toHaveLength(2);
});

test("who replays the log gets previews of what is under way after it, and then how they go on", async () => {
  const { hub, grow, wake, subscribe } = setUp();
  await subscribe(null, ["agent.message"]);
  grow(2);
  wake();
  await settled();
  for (const data of [messageStart("sevt_x"), messageDelta("sevt_x", "one ")])
    hub.preview({ sessionId: SESSION, data });
  const late = await subscribe(0, ["agent.message"]);
  await settled();
  hub.preview({ sessionId: SESSION, data: messageDelta("sevt_x", "two") });
  expect(typesIn(late)).toEqual(["agent.thinking", "agent.thinking", "event_start", "event_delta", "event_delta"]);
  expect(late.text.match(/"text":"[^"]*"/g)).toEqual(['"text":"one "', '"text":"two"']);
});

test("output goes to those who asked for it, late ones get its end, and what was told before is not told again", async () => {
  const { hub, subscribe, wanted } = setUp();
  const other = await subscribe(null, ["agent.message"]);
  expect(wanted).toEqual([]);
  const asked = await subscribe(null, ["agent.tool_result"]);
  const previews = [
    outputStart("r1", "call"),
    outputDelta("r1", "call", 0, "one"),
    outputDelta("r1", "call", 3, "two"),
  ];
  for (const data of [...previews, ...previews]) hub.preview({ sessionId: SESSION, data });
  const late = await subscribe(null, ["agent.tool_result"]);
  expect(wanted).toEqual([SESSION]);
  for (const sink of [asked, late]) {
    expect(typesIn(sink)).toEqual(["event_start", "event_delta", "event_delta"]);
    expect(outputIn(sink)).toEqual(["0 one", "3 two"]);
  }
  expect(other.text).toBe("");
  for (let index = 0; index < 10; index++)
    hub.preview({ sessionId: SESSION, data: outputDelta("r1", "call", 6 + index * 4_000, "x".repeat(4_000)) });
  const later = await subscribe(null, ["agent.tool_result"]);
  expect(outputIn(later).map((piece) => piece.slice(0, 7))).toEqual(["24006 x", "28006 x", "32006 x", "36006 x"]);
});

test("a call that goes on at another worker is told anew, and its result ends its output, whatever the result's id", async () => {
  const { hub, log, wake, subscribe } = setUp();
  const sink = await subscribe(null, ["agent.tool_result"]);
  const first = [outputStart("r1", "call"), outputDelta("r1", "call", 0, "one")];
  const second = [outputDelta("r2", "call", 0, "one"), outputDelta("r2", "call", 3, "two")];
  for (const data of [...first, ...second]) hub.preview({ sessionId: SESSION, data });
  expect(outputIn(sink)).toEqual(["0 one", "0 one", "3 two"]);
  const payload = { tool_use_id: "call", content: [], is_error: false };
  log.push({ seq: 1, id: "r3", type: "agent.tool_result", payload, echo: false, processedAt: new Date(0) });
  wake();
  await settled();
  hub.preview({ sessionId: SESSION, data: outputDelta("r2", "call", 6, "late") });
  hub.preview({ sessionId: SESSION, data: outputStart("r2", "call") });
  expect(outputIn(sink)).toHaveLength(3);
  const late = await subscribe(null, ["agent.tool_result"]);
  expect(late.text).toBe("");
});

describe("among the streams of other sessions it is said when the log is through", () => {
  const marks = (sink: FakeSink) => sink.text.match(/"type":"session_caught_up".*|"seq":\d+,"event"/g);

  test.each([
    ["a log in the ring", 3],
    ["a log that is longer than the ring", 2_501],
    ["an empty log", 0],
  ])("%s", async (_what, length) => {
    const { hub, grow, wake, subscribe } = setUp();
    await subscribe(null);
    for (let left = length; left > 0; left -= 500) {
      grow(Math.min(left, 500));
      wake();
      await settled();
    }
    const sink = createSink();
    await hub.subscribe({ sessionId: SESSION, after: 0, previews: new Set(), sink, backlog: { lastPieceBytes: 0 } });
    await until(() => sink.text.includes("session_caught_up"));
    expect(sink.text.endsWith(`data: {"type":"session_caught_up","session_id":"${SESSION}","seq":${length}}\n\n`)).toBe(
      true,
    );
    expect(marks(sink)).toHaveLength(length + 1);
    grow(1);
    wake();
    await settled();
    expect(marks(sink)?.slice(length)).toEqual([
      expect.stringContaining("session_caught_up"),
      `"seq":${length + 1},"event"`,
    ]);
  });

  test("from now on: at once", async () => {
    const { hub, grow } = setUp();
    grow(4);
    const sink = createSink();
    await hub.subscribe({ sessionId: SESSION, after: null, previews: new Set(), sink, backlog: { lastPieceBytes: 0 } });
    await settled();
    expect(marks(sink)).toEqual([`"type":"session_caught_up","session_id":"${SESSION}","seq":4}`]);
  });

  test("not before a busy client has taken what it has", async () => {
    const { hub, grow } = setUp();
    grow(2);
    const sink = createBusySink();
    await hub.subscribe({ sessionId: SESSION, after: 0, previews: new Set(), sink, backlog: { lastPieceBytes: 0 } });
    await settled();
    expect(marks(sink)).toHaveLength(2);
    sink.drain();
    await settled();
    expect(marks(sink)?.at(-1)).toContain("session_caught_up");
  });

  test("a stream of one session alone has no such frame", async () => {
    const { grow, subscribe } = setUp();
    grow(2);
    const sink = await subscribe(0);
    await settled();
    expect(sink.text).not.toContain("session_caught_up");
  });
});

describe("heartbeats", () => {
  const BEAT = ": heartbeat\n\n";

  test("a quiet stream gets one every 15 s, so that nothing between takes it for dead; they have no id", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { hub, subscribe } = setUp();
    const sink = await subscribe(null);
    vi.advanceTimersByTime(14_999);
    expect(sink.text).toBe("");
    vi.advanceTimersByTime(1);
    expect(sink.text).toBe(BEAT);
    vi.advanceTimersByTime(30_000);
    expect(sink.text).toBe(BEAT.repeat(3));
    hub.close();
    vi.advanceTimersByTime(60_000);
    expect(sink.text).toBe(BEAT.repeat(3));
  });

  test("a client that is still busy with what it has is not given more", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { hub } = setUp();
    const sink = Object.assign(createSink(), { writableLength: 1024 * 1024 });
    await hub.subscribe({ sessionId: SESSION, after: null, previews: new Set(), sink });
    vi.advanceTimersByTime(45_000);
    expect(sink.text).toBe("");
    sink.writableLength = 0;
    vi.advanceTimersByTime(15_000);
    expect(sink.text).toBe(BEAT);
  });

  test("a stream that shares its connection has none: the connection has its own", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const { hub } = setUp();
    const sink = createSink();
    await hub.subscribe({ sessionId: SESSION, after: null, previews: new Set(), sink, backlog: { lastPieceBytes: 0 } });
    vi.advanceTimersByTime(60_000);
    expect(sink.text).not.toContain("heartbeat");
  });
});
