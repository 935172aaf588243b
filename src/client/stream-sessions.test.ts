// The team's stream goes on after a break where it stopped: its own cursor, and each followed session's place.
import { expect, test } from "vitest";
import type { Clock } from "../lib/clock.ts";
import type { ConnectionState } from "./follow-stream.ts";
import { streamSessions, type TeamMessage } from "./stream-sessions.ts";
import { createTransport } from "./transport.ts";

const instantClock: Clock = { now: () => 0, sleep: () => Promise.resolve() };
const frame = (data: { type: string } & Record<string, unknown>, id?: string) =>
  `event: ${data.type}\n${id ? `id: ${id}\n` : ""}data: ${JSON.stringify(data)}\n\n`;
const changed = (title: string, id?: string) =>
  frame({ type: "session_changed", session: { id: "sesn_1", title } }, id);
const event = (session_id: string, seq: number | null, type = "agent.message") =>
  frame({ type: "session_event", session_id, seq, event: { type } });

/** Answers one connection after the other with the given text, then ends it. */
async function follow(connections: string[], options: { follow?: [string, number | null][]; after?: string } = {}) {
  const asked: { after: string | null; sessions: string[] }[] = [];
  const received: TeamMessage[] = [];
  const cursors: (string | null)[] = [];
  const states: ConnectionState[] = [];
  const stopping = new AbortController();
  const transport = createTransport({
    clock: instantClock,
    fetch: async (input, init) => {
      const text = connections.shift();
      if (text === undefined) {
        stopping.abort();
        throw new Error("no more connections");
      }
      const url = new URL(String(input), "http://berth");
      asked.push({
        after: new Headers(init?.headers).get("last-event-id"),
        sessions: url.searchParams.getAll("session_ids[]"),
      });
      return new Response(text);
    },
  });
  await streamSessions(transport, {
    after: options.after ?? null,
    follow: new Map(options.follow ?? []),
    deltas: true,
    signal: stopping.signal,
    onMessages: (messages, cursor) => {
      received.push(...messages);
      cursors.push(cursor);
    },
    onState: (state) => states.push(state),
  });
  return { asked, received, cursors, states };
}

test("after a break it sends the cursor and each session's last place", async () => {
  const first =
    frame({ type: "resync", reason: "start" }, "c1") + event("sesn_a", 4) + event("sesn_a", null) + changed("x", "c2");
  const run = await follow([first, event("sesn_b", 1), ""], {
    follow: [
      ["sesn_a", 3],
      ["sesn_b", null],
    ],
  });
  expect(run.asked).toEqual([
    { after: null, sessions: ["sesn_a:3", "sesn_b"] },
    { after: "c2", sessions: ["sesn_a:4", "sesn_b"] },
    { after: "c2", sessions: ["sesn_a:4", "sesn_b:1"] },
  ]);
  expect(run.cursors).toEqual(["c2", "c2"]);
});

test("frames of a burst without a cursor do not move it: what follows them may be missing", async () => {
  const run = await follow([changed("first of two"), changed("both", "c9"), ""], { after: "c1" });
  expect(run.asked.map(({ after }) => after)).toEqual(["c1", "c1", "c9"]);
});

test("a session that is refused or deleted is not asked for again", async () => {
  const refused = frame({
    type: "session_refused",
    session_id: "sesn_a",
    error: { type: "not_found_error", message: "" },
  });
  const run = await follow([refused + event("sesn_b", 2, "session.deleted"), ""], {
    follow: [
      ["sesn_a", 0],
      ["sesn_b", 0],
      ["sesn_c", 0],
    ],
  });
  expect(run.asked[1]?.sessions).toEqual(["sesn_c:0"]);
});

test("that a log is through is told in its place, and moves nothing", async () => {
  const through = frame({ type: "session_caught_up", session_id: "sesn_a", seq: 9 });
  const run = await follow([event("sesn_a", 9) + through + event("sesn_a", 10), ""], { follow: [["sesn_a", 8]] });
  expect(run.received.map(({ type }) => type)).toEqual(["session_event", "session_caught_up", "session_event"]);
  expect(run.asked[1]?.sessions).toEqual(["sesn_a:10"]);
});

test("messages of a later release are skipped", async () => {
  const run = await follow([frame({ type: "team_renamed" }, "c1") + changed("x", "c2")]);
  expect(run.received.map(({ type }) => type)).toEqual(["session_changed"]);
});
