// The stream goes on after a break exactly where it stopped.
import { expect, test } from "vitest";
import type { Clock } from "../lib/clock.ts";
import { createBerthClient } from "./berth.ts";
import type { ConnectionState } from "./follow-stream.ts";
import type { StreamedEvent } from "./stream-events.ts";

const instantClock: Clock = { now: () => 0, sleep: () => Promise.resolve() };

function frame(seq: number, type: string): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ id: `sevt_${seq}`, type })}\n\n`;
}

/** Answers one connection after the other with the given text, then ends it; the last text is followed by the end of the session. */
async function follow(connections: (string | Response)[], after: number | null = 0) {
  const resumedFrom: (string | null)[] = [];
  const urls: string[] = [];
  const received: StreamedEvent[] = [];
  const states: ConnectionState[] = [];
  const client = createBerthClient({
    clock: instantClock,
    fetch: async (input, init) => {
      urls.push(String(input));
      resumedFrom.push(new Headers(init?.headers).get("last-event-id"));
      const connection = connections.shift();
      if (connection === undefined) throw new Error("no more connections");
      return typeof connection === "string" ? new Response(connection) : connection;
    },
  });
  await client.events.stream({
    sessionId: "sesn_1",
    after,
    deltas: true,
    signal: AbortSignal.timeout(5_000),
    onEvents: (events) => received.push(...events),
    onState: (state) => states.push(state),
  });
  return { resumedFrom, urls, received, states };
}

const END = frame(9, "session.deleted");

test("after a break it asks for what follows the last event it has seen", async () => {
  const run = await follow([frame(1, "user.message") + frame(2, "agent.message"), frame(3, "agent.message") + END]);
  expect(run.resumedFrom).toEqual(["0", "2"]);
  expect(run.received.map((each) => each.seq)).toEqual([1, 2, 3, 9]);
});

test("a break in the middle of a frame loses nothing", async () => {
  const second = frame(2, "agent.message");
  const run = await follow([frame(1, "user.message") + second.slice(0, 20), second + END]);
  expect(run.resumedFrom).toEqual(["0", "1"]);
  expect(run.received.map((each) => each.seq)).toEqual([1, 2, 9]);
});

test("previews have no place in the log and do not move the resume point", async () => {
  const preview = 'event: event_start\ndata: {"type":"event_start","event":{"type":"agent.message","id":"sevt_5"}}\n\n';
  const run = await follow([frame(1, "user.message") + preview, END]);
  expect(run.resumedFrom).toEqual(["0", "1"]);
  expect(run.received.map((each) => each.seq)).toEqual([1, null, 9]);
});

test("heartbeats are not events", async () => {
  const run = await follow([`event: ping\ndata: {"type":"ping"}\n\n: hello\n\n${END}`]);
  expect(run.received.map((each) => each.event.type)).toEqual(["session.deleted"]);
});

test("without a starting point only new events are asked for, with previews", async () => {
  const run = await follow([END], null);
  expect(run.resumedFrom).toEqual([null]);
  expect(decodeURIComponent(run.urls[0] ?? "")).toContain(
    "event_deltas[]=agent.message&event_deltas[]=agent.thinking&event_deltas[]=agent.tool_result",
  );
});

test("a busy server is asked again; the states tell a person what happens", async () => {
  const run = await follow([new Response(null, { status: 503 }), END]);
  expect(run.states).toEqual(["connecting", "waiting", "connecting", "open", "closed"]);
});

test("a session that is not there ends the stream with the server's answer", async () => {
  const body = { type: "error", error: { type: "not_found_error", message: "no such session" }, request_id: "req_1" };
  await expect(follow([Response.json(body, { status: 404 })])).rejects.toMatchObject({ status: 404 });
});
