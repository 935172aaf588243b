// One connection for all tabs: each reader gets every event after its own place once, whoever comes, goes or falls asleep.
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError } from "../../client/api-error.ts";
import type { TeamMessage, TeamStreamOptions } from "../../client/stream-sessions.ts";
import { createLiveFeed } from "./live-feed.ts";
import type { FeedMessage, Follow } from "./live-messages.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

type Server = {
  asked: TeamStreamOptions;
  fail(error: unknown): void;
  open(): void;
  say(...messages: TeamMessage[]): void;
};
function setUp() {
  const connections: Server[] = [];
  const feed = createLiveFeed((asked) => {
    const ended = Promise.withResolvers<void>();
    connections.push({
      asked,
      fail: ended.reject,
      open: () => asked.onState?.("open", null),
      say: (...messages) => asked.onMessages(messages, `c${connections.length}`),
    });
    return ended.promise;
  });
  const tab = () => {
    const heard: FeedMessage[] = [];
    const link = feed.attach((message) => heard.push(message));
    return {
      heard,
      want: (...follows: Follow[]) => link.send({ type: "want", follows, shown: false }),
      show: (...follows: Follow[]) => link.send({ type: "want", follows, shown: true }),
      leave: () => link.send({ type: "bye" }),
      seqs: () => heard.flatMap((message) => (message.type === "events" ? message.events.map(({ seq }) => seq) : [])),
      states: () => heard.flatMap((message) => (message.type === "state" ? [message.state] : [])),
      caughtUp: () => heard.flatMap((message) => (message.type === "caught_up" ? [message.followId] : [])),
      changes: () => heard.flatMap((message) => (message.type === "changes" ? message.changes : [])),
    };
  };
  const last = () => connections.at(-1) as Server;
  return { connections, tab, last };
}
const gather = () => vi.advanceTimersByTimeAsync(20);
const follow = (sessionId: string, after: number, id = `${sessionId}@${after}`): Follow => ({ id, sessionId, after });
const event = (session_id: string, seq: number | null): TeamMessage => ({
  type: "session_event",
  session_id,
  seq,
  event: { type: "agent.thinking", id: `sevt_${seq}`, processed_at: "2026-01-01T00:00:00Z" },
});
const through = (session_id: string, seq: number): TeamMessage => ({ type: "session_caught_up", session_id, seq });

test("twelve tabs are one connection, which follows what each of them shows", async () => {
  const { connections, tab, last } = setUp();
  const tabs = Array.from({ length: 12 }, (_, index) => {
    const one = tab();
    one.want(follow(`sesn_${index}`, 0));
    return one;
  });
  await gather();
  expect(connections).toHaveLength(1);
  expect([...last().asked.follow.keys()]).toHaveLength(12);
  last().open();
  last().say(...tabs.map((_, index) => event(`sesn_${index}`, 1)));
  for (const one of tabs) expect(one.seqs()).toEqual([1]);
});

test("of more sessions than a connection takes, those are followed that somebody saw last", async () => {
  const { tab, last } = setUp();
  const tabs = Array.from({ length: 101 }, () => tab());
  for (const [index, one] of tabs.entries()) {
    one.show(follow(`sesn_${index}`, 0));
    await vi.advanceTimersByTimeAsync(1);
  }
  await gather();
  const followed = () => [...last().asked.follow.keys()];
  expect(followed()).toHaveLength(100);
  expect(followed()).not.toContain("sesn_0");
  last().open();
  // Somebody goes back to the first one: the second is the one that nobody has seen for the longest time.
  tabs[0]?.show(follow("sesn_0", 0));
  await gather();
  expect(followed()).toHaveLength(100);
  expect(followed()).toContain("sesn_0");
  expect(followed()).not.toContain("sesn_1");
  last().open();
  last().say(event("sesn_0", 1), through("sesn_0", 1));
  expect(tabs[0]?.seqs()).toEqual([1]);
  expect(tabs[0]?.caughtUp()).toEqual(["sesn_0@0"]);
  // One that is seen by nobody says its word now and then: that takes nobody's place.
  tabs[1]?.want(follow("sesn_1", 0));
  await gather();
  expect(followed()).not.toContain("sesn_1");
});

test("a second reader of a session gets it from the beginning, the first nothing twice, neither a gap", async () => {
  const { connections, tab, last } = setUp();
  const [early, late] = [tab(), tab()];
  early.want(follow("sesn_a", 0));
  await gather();
  last().open();
  last().say(event("sesn_a", 1), event("sesn_a", 2));
  late.want(follow("sesn_a", 0, "late"));
  await gather();
  const [old, fresh] = connections as [Server, Server];
  expect(fresh.asked.follow.get("sesn_a")).toBe(0);
  // The old connection goes on until the new one is open.
  old.say(event("sesn_a", 3));
  expect([early.seqs(), late.seqs()]).toEqual([[1, 2, 3], []]);
  fresh.open();
  expect(old.asked.signal.aborted).toBe(true);
  old.say(event("sesn_a", 4));
  fresh.say(event("sesn_a", 1), event("sesn_a", 2), event("sesn_a", 3), event("sesn_a", 4));
  expect([early.seqs(), late.seqs()]).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
});

describe("a reader is told that the log is through", () => {
  test("after the last entry of it, and only once", async () => {
    const { tab, last } = setUp();
    const one = tab();
    one.want(follow("sesn_a", 0, "f"), follow("sesn_b", 0, "g"));
    await gather();
    last().open();
    last().say(event("sesn_a", 1));
    expect(one.caughtUp()).toEqual([]);
    // In one piece with the end of the log: the end comes first.
    last().say(event("sesn_a", 2), through("sesn_a", 2));
    expect(one.heard.slice(-2).map(({ type }) => type)).toEqual(["events", "caught_up"]);
    expect(one.caughtUp()).toEqual(["f"]);
    last().say(through("sesn_b", 0));
    // The connection broke and came back.
    last().say(through("sesn_a", 2), event("sesn_a", 3));
    one.want(follow("sesn_a", 0, "f"), follow("sesn_b", 0, "g"));
    expect(one.caughtUp()).toEqual(["f", "g"]);
  });

  test("by the connection that brings it the whole log, when an earlier one does not", async () => {
    const { tab, connections } = setUp();
    const [early, late] = [tab(), tab()];
    early.want(follow("sesn_a", 0, "early"));
    await gather();
    connections[0]?.open();
    connections[0]?.say(event("sesn_a", 1), event("sesn_a", 2));
    late.want(follow("sesn_a", 0, "late"));
    await gather();
    connections[0]?.say(through("sesn_a", 2));
    expect([early.caughtUp(), late.caughtUp()]).toEqual([["early"], []]);
    connections[1]?.open();
    connections[1]?.say(event("sesn_a", 1));
    expect(late.caughtUp()).toEqual([]);
    connections[1]?.say(event("sesn_a", 2), through("sesn_a", 2));
    expect([early.caughtUp(), late.caughtUp()]).toEqual([["early"], ["late"]]);
  });

  test("at once, when it comes back with all that there is", async () => {
    const { tab, last } = setUp();
    const one = tab();
    one.want(follow("sesn_a", 0, "f"));
    await gather();
    last().open();
    last().say(event("sesn_a", 1), event("sesn_a", 2), through("sesn_a", 2));
    one.want(follow("sesn_a", 2, "again"));
    expect(one.caughtUp()).toEqual(["f", "again"]);
    one.want(follow("sesn_a", 1, "behind"));
    expect(one.caughtUp()).toEqual(["f", "again"]);
  });
});

test("the new connection goes on from the cursor of the old one", async () => {
  const { tab, last } = setUp();
  const one = tab();
  one.want();
  await gather();
  last().open();
  last().say({ type: "session_deleted", id: "sesn_x" });
  one.want(follow("sesn_a", 5));
  await gather();
  expect(last().asked.after).toBe("c1");
  expect(last().asked.follow).toEqual(new Map([["sesn_a", 5]]));
});

test("changes reach every tab; one that comes later is told to read the lists", async () => {
  const { tab, last } = setUp();
  const [first, second] = [tab(), tab()];
  first.want();
  await gather();
  last().open();
  last().say({ type: "resync", reason: "start" });
  second.want();
  await gather();
  last().say({ type: "session_deleted", id: "sesn_x" });
  expect(first.changes().map(({ type }) => type)).toEqual(["resync", "session_deleted"]);
  expect(second.changes().map(({ type }) => type)).toEqual(["resync", "session_deleted"]);
});

describe("tabs that go", () => {
  test("are not told anything; without any the connection ends after a while, and begins anew", async () => {
    const { connections, tab, last } = setUp();
    const [one, two] = [tab(), tab()];
    one.want();
    two.want();
    await gather();
    last().open();
    one.leave();
    last().say({ type: "session_deleted", id: "sesn_x" });
    expect(one.changes()).toEqual([]);
    two.leave();
    expect(last().asked.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(last().asked.signal.aborted).toBe(true);
    two.want();
    await gather();
    expect(connections).toHaveLength(2);
    expect(last().asked.after).toBe(null);
  });

  test("and come back after sleep are brought up to date", async () => {
    const { tab, last } = setUp();
    const [awake, asleep] = [tab(), tab()];
    awake.want();
    asleep.want(follow("sesn_a", 0, "f"));
    await gather();
    last().open();
    last().say(event("sesn_a", 1));
    for (let minute = 0; minute < 5; minute++) {
      await vi.advanceTimersByTimeAsync(60_000);
      awake.want();
    }
    last().say(event("sesn_a", 2), { type: "session_deleted", id: "sesn_x" });
    asleep.want(follow("sesn_a", 1, "f"));
    await gather();
    last().open();
    last().say(event("sesn_a", 2));
    expect(asleep.seqs()).toEqual([1, 2]);
    expect(asleep.changes()).toContainEqual({ type: "resync", reason: "start" });
  });
});

test("what is said again does not connect anew, nor move a reader back", async () => {
  const { connections, tab, last } = setUp();
  const one = tab();
  one.want(follow("sesn_a", 0, "f"));
  await gather();
  last().open();
  last().say(event("sesn_a", 1));
  one.want(follow("sesn_a", 0, "f"));
  await gather();
  expect(connections).toHaveLength(1);
});

test("a session that is not there is told to its readers only, and not asked for again", async () => {
  const { connections, tab, last } = setUp();
  const [one, two] = [tab(), tab()];
  one.want(follow("sesn_a", 0));
  two.want();
  await gather();
  last().open();
  last().say({ type: "session_refused", session_id: "sesn_a", error: { type: "not_found_error", message: "no" } });
  one.want(follow("sesn_a", 0));
  await gather();
  expect(one.heard.at(-1)).toMatchObject({ type: "refused", error: { status: 404 } });
  expect(two.heard.filter(({ type }) => type === "refused")).toEqual([]);
  expect(connections).toHaveLength(1);
});

test("logged out: every tab is told, and the next one that comes tries again", async () => {
  const { connections, tab, last } = setUp();
  const one = tab();
  one.want();
  await gather();
  last().open();
  last().fail(
    new ApiError({ status: 401, type: "authentication_error", message: "You are logged out.", requestId: null }),
  );
  await gather();
  expect(one.heard.at(-1)).toMatchObject({ type: "state", state: "closed", error: { status: 401 } });
  tab().want();
  await gather();
  expect(connections).toHaveLength(2);
});

test("a lost connection is told; one that only changes what it follows is not", async () => {
  const { tab, last } = setUp();
  const one = tab();
  one.want();
  await gather();
  last().open();
  one.want(follow("sesn_a", 0));
  await gather();
  last().asked.onState?.("connecting", null);
  expect(one.states()).toEqual(["connecting", "open"]);
  last().open();
  last().asked.onState?.("waiting", null);
  expect(one.states().at(-1)).toBe("waiting");
});
