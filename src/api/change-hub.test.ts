// The hub reads once a round for everybody, tells each state once, and owes a slow client at most one frame a session.
import { afterEach, expect, test } from "vitest";
import { until } from "../../test/support/until.ts";
import type { Session } from "../contract/sessions.ts";
import { systemClock } from "../lib/clock.ts";
import { createLogger } from "../lib/logger.ts";
import type { TeamChange } from "../sessions/sessions.ts";
import { type ChangeHub, createChangeHub } from "./change-hub.ts";
import type { Sink } from "./subscriber.ts";

let hub: ChangeHub | null = null;
afterEach(() => hub?.close());

/** A database in memory, in which each change is a transaction of its own. */
function setUp() {
  const rows = new Map<string, TeamChange>();
  let xid = 100;
  const counts = { reads: 0 };
  const started = createChangeHub({
    readPlace: async () => ({ place: BigInt(xid + 1), history: "h" }),
    readChanges: async ({ teamIds, from, limit }) => {
      counts.reads++;
      const found = [...rows.values()].filter((row) => teamIds.includes(row.teamId) && BigInt(row.xid) >= from);
      return { next: BigInt(xid + 1), changes: found.slice(0, limit + 1) };
    },
    clock: systemClock,
    logger: createLogger("test", { level: "silent", pretty: false }),
  });
  hub = started;
  const change = (sessionId: string, title: string, teamId = "team_a") => {
    // Only what the hub looks at.
    const session = { id: sessionId, title } as Session;
    rows.set(sessionId, { kind: "session", teamId, id: sessionId, xid: String(++xid), session });
    started.changed();
  };
  const subscribe = async (options: { teamId?: string; cursor?: string | null; sink?: FakeSink } = {}) => {
    const sink = options.sink ?? createSink();
    await started.subscribe({ teamId: options.teamId ?? "team_a", cursor: options.cursor ?? null, sink });
    return sink;
  };
  return { counts, change, subscribe };
}

type FakeSink = Sink & {
  text: string;
  writableNeedDrain: boolean;
  titles(): string[];
  cursor(): string;
  drain(): void;
};
function createSink(): FakeSink {
  let onDrain: (() => void) | null = null;
  const sink = {
    text: "",
    writableLength: 0,
    writableNeedDrain: false,
    titles: () => [...sink.text.matchAll(/"title":"([^"]*)"/g)].map((match) => match[1]),
    cursor: () => [...sink.text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "",
    write: (chunk: unknown) => {
      sink.text += String(chunk);
      return !sink.writableNeedDrain;
    },
    drain: () => {
      sink.writableNeedDrain = false;
      onDrain?.();
    },
    end: () => undefined,
    once: (_: string, listener: () => void) => {
      onDrain = listener;
      return sink;
    },
    off: () => sink,
    destroy: () => sink,
  };
  // The hub uses the members above only.
  return sink as unknown as FakeSink;
}

test("a burst is one read, however many listen", async () => {
  const { counts, change, subscribe } = setUp();
  const sinks = await Promise.all(Array.from({ length: 50 }, () => subscribe()));
  const before = counts.reads;
  for (let index = 0; index < 100; index++) change(`sesn_${index % 10}`, `t${index}`);
  await until(() => sinks.every((sink) => sink.titles().length >= 10));
  expect(counts.reads - before).toBeLessThanOrEqual(2);
  for (const sink of sinks)
    expect(sink.titles().sort()).toEqual(Array.from({ length: 10 }, (_, index) => `t${90 + index}`));
});

test("fifty that come back together are one read more, each from its own place", async () => {
  const { counts, change, subscribe } = setUp();
  await subscribe();
  const cursors: string[] = [];
  for (let index = 0; index < 5; index++) {
    const sink = await subscribe();
    cursors.push(sink.cursor());
    change(`sesn_${index}`, `t${index}`);
    await until(() => sink.titles().includes(`t${index}`));
  }
  const before = counts.reads;
  const sinks = await Promise.all(
    Array.from({ length: 50 }, (_, index) => subscribe({ cursor: cursors[index % 5] ?? null })),
  );
  expect(counts.reads - before).toBeLessThanOrEqual(2);
  expect(sinks[0]?.titles().sort()).toEqual(["t0", "t1", "t2", "t3", "t4"]);
  expect(sinks[4]?.titles()).toEqual(["t4"]);
});

test("a client that does not drain is owed the newest state of each session, once", async () => {
  const { change, subscribe } = setUp();
  const slow = createSink();
  const [quick] = [await subscribe(), await subscribe({ sink: slow })];
  slow.writableNeedDrain = true;
  change("sesn_x", "taken before the buffer was full");
  for (let round = 0; round < 4; round++) {
    change("sesn_x", `x${round}`);
    change("sesn_y", `y${round}`);
    await until(() => quick.titles().includes(`y${round}`));
  }
  const atFirst = slow.titles().length;
  expect(atFirst).toBeLessThanOrEqual(2);
  slow.drain();
  expect(slow.titles().slice(atFirst)).toEqual(["x3", "y3"]);
  // The second in which it was written is another.
  const placeOf = (sink: FakeSink) => sink.cursor().split("-").slice(0, 2);
  expect(placeOf(slow)).toEqual(placeOf(quick));
});

test("a client that lacks too many sessions is told to read the list, and not sent them all", async () => {
  const { change, subscribe } = setUp();
  const slow = createSink();
  const quick = await subscribe();
  await subscribe({ sink: slow });
  slow.writableNeedDrain = true;
  for (let batch = 0; batch < 3; batch++) {
    for (let index = 0; index < 400; index++) change(`sesn_${batch}_${index}`, `t${batch}_${index}`);
    await until(() => quick.titles().includes(`t${batch}_399`));
  }
  const atFirst = slow.titles().length;
  slow.drain();
  expect(slow.titles()).toHaveLength(atFirst);
  expect(slow.text).toContain('"reason":"too_many_changes"');
  change("sesn_0_0", "goes on");
  await until(() => slow.titles().includes("goes on"));
});

test("another team's changes stay with that team", async () => {
  const { change, subscribe } = setUp();
  const [ours, theirs] = [await subscribe(), await subscribe({ teamId: "team_b" })];
  change("sesn_a", "ours");
  change("sesn_b", "theirs", "team_b");
  await until(() => ours.titles().length > 0 && theirs.titles().length > 0);
  expect([ours.titles(), theirs.titles()]).toEqual([["ours"], ["theirs"]]);
});
