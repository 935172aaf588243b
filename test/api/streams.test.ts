// Event streams: nothing is missing and nothing comes twice, whoever is cut off whenever; previews; slow and deleted ends.
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { PreviewEvent } from "../../src/contract/events.ts";
import { appendEvents, markProcessed } from "../../src/db/events.ts";
import { createNotifier, type Notifier } from "../../src/db/wakeups.ts";
import { newId } from "../../src/lib/ids.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { readStream, type StreamReader } from "../support/stream-reader.ts";
import { until } from "../support/until.ts";

let server: ApiServer;
/** As a worker in another process has it. */
let notifier: Notifier;
const readers: StreamReader[] = [];
beforeAll(async () => {
  server = await startApiServer();
  notifier = createNotifier({
    url: server.database.url,
    applicationName: "test-worker",
    logger: createLogger("test", { level: "silent", pretty: false }),
  });
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.cut();
  await until(() => server.web.hub.subscriberCount === 0);
});
afterAll(async () => {
  await notifier.close();
  await server.close();
});

async function newSession(): Promise<string> {
  const client = server.client();
  const agent = await client.beta.agents.create({ name: "Ada", model: "alpha" });
  const answer = await server.call("POST", "/v1/sessions", { body: { agent: agent.id } });
  return (answer.body as { id: string }).id;
}
function open(sessionId: string, options: { after?: number; deltas?: string[] } = {}): StreamReader {
  const reader = readStream({ url: server.url, apiKey: server.apiKey, sessionId, ...options });
  readers.push(reader);
  return reader;
}
async function say(sessionId: string, text: string): Promise<void> {
  const event = { type: "user.message" as const, content: [{ type: "text" as const, text }] };
  await server.client().beta.sessions.events.send(sessionId, { events: [event] });
}
/** Appends as a worker does. */
async function append(
  sessionId: string,
  type: string,
  payload: Record<string, unknown>,
  id = newId("event"),
): Promise<string> {
  const lastSeq = await appendEvents(server.web.db, {
    sessionId,
    events: [{ id, type, payload, processedAt: new Date() }],
  });
  notifier.logGrew({ sessionId, lastSeq: lastSeq ?? 0 });
  return id;
}
const idsOf = (reader: StreamReader) => reader.frames.flatMap((frame) => (frame.id === null ? [] : [frame.id]));
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** Another web process on the same database, as behind a load balancer. */
async function startSecondServer(): Promise<ApiServer & AsyncDisposable> {
  const second = await startApiServer({ database: server.database });
  return { ...second, [Symbol.asyncDispose]: () => second.close() };
}

/** Reproducible disorder: mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

describe("where a stream begins", () => {
  test("now, without Last-Event-ID; after an event, with it; at the beginning, with 0", async () => {
    const session = await newSession();
    await say(session, "1");
    await say(session, "2");
    const [now, resumed, all] = [open(session), open(session, { after: 1 }), open(session, { after: 0 })];
    await Promise.all([now.opened, resumed.opened, all.opened]);
    await say(session, "3");
    await until(() => [now, resumed, all].every((reader) => reader.frames.at(-1)?.id === 3));
    expect([now, resumed, all].map(idsOf)).toEqual([[3], [2, 3], [1, 2, 3]]);
  });

  test("at the end, when the id is beyond it", async () => {
    const session = await newSession();
    await say(session, "1");
    const reader = open(session, { after: 99 });
    await reader.opened;
    await say(session, "2");
    await until(() => idsOf(reader).includes(2));
  });

  test("nowhere, for an unknown session, a wrong key or a strange id", async () => {
    await expect(open("sesn_00000000000000000000000000").opened).rejects.toThrow("404");
    const session = await newSession();
    const path = `${server.url}/v1/sessions/${session}/events/stream`;
    expect((await fetch(path)).status).toBe(401);
    const strange = await fetch(path, { headers: { "x-api-key": server.apiKey, "last-event-id": "abc" } });
    expect(strange.status).toBe(400);
    expect(await strange.json()).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
  });
});

test("a user event comes twice: accepted, then where it entered the conversation, live and in a replay alike", async () => {
  const session = await newSession();
  const live = open(session);
  await live.opened;
  await say(session, "hello");
  await until(() => live.frames.length === 1);
  const id = String(live.frames[0]?.data.id);
  const at = new Date();
  const payload = { content: [{ type: "text", text: "hello" }] };
  await server.web.db.transaction().execute(async (tx) => {
    await markProcessed(tx, { sessionId: session, eventIds: [id], at });
    await appendEvents(tx, {
      sessionId: session,
      events: [{ id, type: "user.message", payload, processedAt: at, echo: true }],
    });
  });
  notifier.logGrew({ sessionId: session, lastSeq: 2 });
  await until(() => live.frames.length === 2);
  const replay = open(session, { after: 0 });
  await until(() => replay.frames.length === 2);
  expect(replay.frames).toEqual(live.frames);
  expect(live.frames.map((frame) => [frame.data.id, frame.data.processed_at])).toEqual([
    [id, null],
    [id, at.toISOString()],
  ]);
  const listed = await server.client().beta.sessions.events.list(session);
  expect(listed.data).toMatchObject([{ id, processed_at: at.toISOString() }]);
});

test("a long log is replayed whole to everyone, also while it grows", async () => {
  const session = await newSession();
  const events = Array.from({ length: 3000 }, (_, index) => ({
    id: newId("event"),
    type: "agent.message",
    payload: { content: [{ type: "text", text: `${index}`.repeat(50) }] },
    processedAt: new Date(),
  }));
  for (let from = 0; from < events.length; from += 500)
    await appendEvents(server.web.db, { sessionId: session, events: events.slice(from, from + 500) });
  const replays = [0, 0, 1500, 2999].map((after) => open(session, { after }));
  for (let index = 0; index < 50; index++) await append(session, "agent.thinking", {});
  await until(() => replays.every((reader) => reader.frames.at(-1)?.id === 3050));
  expect(replays.map((reader) => reader.frames.length)).toEqual([3050, 3050, 1550, 51]);
  for (const reader of replays) expect(idsOf(reader)).toEqual(upTo(3050).slice(-reader.frames.length));
});

test("with random cuts and resumes of many subscribers, at two servers, there is no gap and nothing twice", async () => {
  await using other = await startSecondServer();
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const random = createRandom(seed);
  const sessions = await Promise.all(Array.from({ length: 5 }, newSession));
  const TOTAL = 400;
  const received = Array.from({ length: 60 }, (_, index) => ({
    session: sessions[index % 5] ?? "",
    ids: [] as number[],
  }));
  let cuts = 0;
  const follow = async (subscriber: { session: string; ids: number[] }) => {
    while ((subscriber.ids.at(-1) ?? 0) < TOTAL) {
      const patience = random() < 0.8 ? 1 + Math.floor(random() * 60) : Number.POSITIVE_INFINITY;
      let seen = 0;
      const reader = readStream({
        url: random() < 0.5 ? server.url : other.url,
        apiKey: server.apiKey,
        sessionId: subscriber.session,
        after: subscriber.ids.at(-1) ?? 0,
        onFrame: (frame) => {
          // What arrives after the cut was not taken.
          if (seen >= patience || frame.id === null) return;
          subscriber.ids.push(frame.id);
          if (++seen >= patience || frame.id >= TOTAL) reader.cut();
        },
      });
      cuts++;
      await reader.ended;
    }
  };
  const following = received.map(follow);
  await Promise.all(
    sessions.map(async (session) => {
      for (let written = 0; written < TOTAL; ) {
        const count = Math.min(1 + Math.floor(random() * 8), TOTAL - written);
        const events = Array.from({ length: count }, () => ({
          id: newId("event"),
          type: "agent.thinking",
          payload: {},
          processedAt: new Date(),
        }));
        const lastSeq = await appendEvents(server.web.db, { sessionId: session, events });
        // Some wake-ups get lost; the poll makes up for them.
        if (random() < 0.9) notifier.logGrew({ sessionId: session, lastSeq: lastSeq ?? 0 });
        written += count;
      }
    }),
  );
  await Promise.all(following);
  console.log(
    `streams: seed ${seed}, ${received.length} subscribers, ${cuts} connections, ${received.length * TOTAL} deliveries`,
  );
  for (const subscriber of received) expect(subscriber.ids, `seed ${seed}`).toEqual(upTo(TOTAL));
});

test("without any wake-up the poll brings what is new", async () => {
  const session = await newSession();
  const reader = open(session);
  await reader.opened;
  await appendEvents(server.web.db, {
    sessionId: session,
    events: [{ id: newId("event"), type: "agent.thinking", payload: {}, processedAt: new Date() }],
  });
  await until(() => idsOf(reader).length === 1);
});

describe("previews", () => {
  const start = (id: string): PreviewEvent => ({ type: "event_start", event: { type: "agent.message", id } });
  const delta = (id: string, text: string): PreviewEvent => ({
    type: "event_delta",
    event_id: id,
    delta: { type: "content_delta", index: 0, content: { type: "text", text } },
  });

  test("go to those who asked, without an id, and end with the event itself; a late one gets all so far", async () => {
    const session = await newSession();
    const [asked, other] = [open(session, { deltas: ["agent.message"] }), open(session)];
    await Promise.all([asked.opened, other.opened]);
    const id = newId("event");
    for (const data of [start(id), delta(id, "one "), delta(id, "two")]) notifier.preview({ sessionId: session, data });
    await until(() => asked.frames.length === 3);
    const late = open(session, { deltas: ["agent.message"] });
    await until(() => late.frames.length === 2);
    expect(late.frames.map((frame) => frame.data)).toEqual([start(id), delta(id, "one two")]);
    await append(session, "agent.message", { content: [{ type: "text", text: "one two" }] }, id);
    await until(() => asked.frames.length === 4 && other.frames.length === 1 && late.frames.length === 3);
    expect(asked.frames.map((frame) => [frame.type, frame.id])).toEqual([
      ["event_start", null],
      ["event_delta", null],
      ["event_delta", null],
      ["agent.message", 1],
    ]);
    notifier.preview({ sessionId: session, data: delta(id, "too late") });
    await append(session, "session.status_idle", {});
    await until(() => asked.frames.length === 5);
    expect(asked.frames.at(-1)?.type).toBe("session.status_idle");
  });

  test("of a command's output go only to those who asked for them, and a late one gets them after the log", async () => {
    const session = await newSession();
    const id = newId("event");
    const call = newId("event");
    const piece = (byte_offset: number, text: string): PreviewEvent => ({
      type: "event_delta",
      event_id: id,
      tool_use_id: call,
      delta: { type: "content_delta", index: 0, content: { type: "text", text }, byte_offset, byte_count: text.length },
    });
    const start: PreviewEvent = { type: "event_start", event: { type: "agent.tool_result", id, tool_use_id: call } };
    const [asked, messages, plain] = [
      open(session, { deltas: ["agent.message", "agent.tool_result"] }),
      open(session, { deltas: ["agent.message", "agent.thinking"] }),
      open(session),
    ];
    await Promise.all([asked.opened, messages.opened, plain.opened]);
    await append(session, "agent.tool_use", { name: "bash", input: {}, evaluated_permission: "allow" }, call);
    const long = "x".repeat(6_400);
    for (const data of [start, piece(0, "one"), piece(3, long)]) notifier.preview({ sessionId: session, data });
    await until(() => asked.frames.length === 4);
    expect(asked.frames.slice(1).map((frame) => frame.data)).toEqual([start, piece(0, "one"), piece(3, long)]);
    const late = open(session, { deltas: ["agent.tool_result"], after: 0 });
    await until(() => late.frames.length === 4);
    expect(late.frames.map((frame) => frame.type)).toEqual([
      "agent.tool_use",
      "event_start",
      "event_delta",
      "event_delta",
    ]);
    await append(session, "agent.tool_result", { tool_use_id: call, content: [], is_error: false }, newId("event"));
    await until(() => messages.frames.length === 2 && plain.frames.length === 2);
    notifier.preview({ sessionId: session, data: piece(7_000, "too late") });
    await append(session, "session.status_idle", {});
    await until(() => asked.frames.length === 6 && plain.frames.length === 3);
    expect(asked.frames.map((frame) => frame.type).slice(4)).toEqual(["agent.tool_result", "session.status_idle"]);
  });

  test("of unknown types are refused", async () => {
    await expect(open(await newSession(), { deltas: ["agent.dance"] }).opened).rejects.toThrow("400");
  });
});

describe("the end of a session", () => {
  test("is told, and ends the stream, also for those who are far behind", async () => {
    const session = await newSession();
    await say(session, "1");
    const reader = open(session);
    await reader.opened;
    await server.client().beta.sessions.delete(session);
    await reader.ended;
    expect(reader.frames).toMatchObject([
      { type: "session.deleted", id: 2, data: { id: expect.stringMatching(/^sevt_/) } },
    ]);
  });

  test("is noticed when another process deleted it", async () => {
    const session = await newSession();
    const reader = open(session);
    await reader.opened;
    await server.web.db.deleteFrom("sessions").where("id", "=", session).execute();
    await reader.ended;
    expect(reader.frames.map((frame) => frame.type)).toEqual(["session.deleted"]);
  });
});

test("a client that takes nothing is dropped, and costs the others nothing", async () => {
  const session = await newSession();
  const { port } = new URL(server.url);
  const lazy = connect(Number(port), "127.0.0.1");
  lazy.pause();
  lazy.on("error", () => undefined);
  lazy.write(
    `GET /v1/sessions/${session}/events/stream HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${server.apiKey}\r\n\r\n`,
  );
  const busy = open(session);
  await busy.opened;
  await until(() => server.web.hub.subscriberCount === 2);
  const text = "x".repeat(64 * 1024);
  let written = 0;
  await until(
    async () => {
      for (let index = 0; index < 20; index++, written++)
        await append(session, "agent.message", { content: [{ type: "text", text }] });
      return server.web.hub.subscriberCount === 1;
    },
    { timeoutMs: 30_000 },
  );
  await until(() => busy.frames.length === written);
  expect(idsOf(busy)).toEqual(upTo(written));
  lazy.destroy();
});

test("one entry of 20 MB reaches a client, and so does what comes after it", async () => {
  const session = await newSession();
  const reader = open(session);
  await reader.opened;
  await append(session, "agent.message", { content: [{ type: "text", text: "x".repeat(20 * 1024 * 1024) }] });
  for (let index = 0; index < 20; index++) await append(session, "agent.thinking", {});
  await until(() => reader.frames.length === 21, { timeoutMs: 80_000 });
  expect(idsOf(reader)).toEqual(upTo(21));
}, 90_000);

test("streams survive the loss of every database connection", async () => {
  const session = await newSession();
  const reader = open(session);
  await reader.opened;
  await say(session, "before");
  await until(() => reader.frames.length === 1);
  const { rows } = await (await import("kysely")).sql<{ count: number }>`
    select count(pg_terminate_backend(pid))::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
    server.web.db,
  );
  expect(rows[0]?.count).toBeGreaterThan(0);
  await until(() =>
    say(session, "after").then(
      () => true,
      () => false,
    ),
  );
  await until(() => reader.frames.some((frame) => JSON.stringify(frame.data).includes("after")));
  expect(idsOf(reader)).toEqual(upTo(reader.frames.length));
});
