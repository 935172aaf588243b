// The team's stream: every change of every session, from wherever one was; nothing of other teams; no stream outlives its key.
import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { appendEvents } from "../../src/db/events.ts";
import { newId } from "../../src/lib/ids.ts";
import { createSseParser } from "../../src/lib/sse.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { until } from "../support/until.ts";

let server: ApiServer;
let agentId: string;
const readers: TeamReader[] = [];
beforeAll(async () => {
  server = await startApiServer();
  agentId = (await server.client().beta.agents.create({ name: "Ada", model: "alpha" })).id;
});
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.cut();
  await until(() => server.web.changeHub.subscriberCount === 0 && server.web.hub.subscriberCount === 0);
});
afterAll(() => server.close());

type Frame = { id: string | null; type: string; data: Record<string, unknown> };
type TeamReader = { frames: Frame[]; cursor: string | null; status: number; ended: boolean; cut(): void };

async function open(
  options: { after?: string | null; query?: string; headers?: Record<string, string>; url?: string } = {},
): Promise<TeamReader> {
  const cutting = new AbortController();
  const response = await fetch(`${options.url ?? server.url}/v1/sessions/stream?${options.query ?? ""}`, {
    headers: {
      "x-api-key": server.apiKey,
      ...(options.after ? { "last-event-id": options.after } : {}),
      ...options.headers,
    },
    signal: cutting.signal,
  });
  const reader: TeamReader = {
    frames: [],
    cursor: options.after ?? null,
    status: response.status,
    ended: false,
    cut: () => cutting.abort(),
  };
  readers.push(reader);
  const read = async () => {
    const parser = createSseParser();
    for await (const chunk of response.body ?? []) {
      for (const frame of parser.push(chunk)) {
        reader.frames.push({ id: frame.id, type: frame.event, data: JSON.parse(frame.data) });
        reader.cursor = frame.id ?? reader.cursor;
      }
    }
  };
  // A cut ends the reading with an error that says only that.
  void read()
    .catch(() => undefined)
    .then(() => {
      reader.ended = true;
    });
  if (response.ok && !options.after) await until(() => reader.frames.length > 0);
  return reader;
}

async function newSession(title: string | null = null): Promise<string> {
  const answer = await server.call("POST", "/v1/sessions", { body: { agent: agentId, title } });
  return (answer.body as { id: string }).id;
}
const rename = (id: string, title: string) => server.call("POST", `/v1/sessions/${id}`, { body: { title } });
const sessionOf = (frame: Frame | undefined) => (frame?.data.session ?? {}) as Record<string, unknown>;
/** The newest state that a reader was told of a session. */
const told = (reader: TeamReader, id: string) =>
  sessionOf(reader.frames.findLast((frame) => sessionOf(frame).id === id));

describe("what a session goes through shows", () => {
  test("creation, title, a message that is accepted, usage and rest of a turn, archive, deletion", async () => {
    const reader = await open();
    expect(reader.frames[0]).toMatchObject({ type: "resync", data: { type: "resync", reason: "start" } });
    const id = await newSession("first");
    await until(() => told(reader, id).title === "first");
    await rename(id, "second");
    await until(() => told(reader, id).title === "second");
    const message = { type: "user.message", content: [{ type: "text", text: "hello" }] };
    await server.call("POST", `/v1/sessions/${id}/events`, { body: { events: [message] } });
    await until(() => told(reader, id).status === "running");
    const usage = { inputTokens: 7, outputTokens: 5, cacheReadTokens: 0, cacheCreationTokens: 0 };
    await appendEvents(server.web.db, { sessionId: id, events: [], changes: { usage, addCostUsd: "0.5" } });
    await until(() => (told(reader, id).usage as { input_tokens?: number } | undefined)?.input_tokens === 7);
    const stopReason = { type: "requires_action", event_ids: ["sevt_1"] };
    await appendEvents(server.web.db, {
      sessionId: id,
      events: [],
      changes: { status: "idle", stopReason, wakeAt: null },
    });
    await until(() => (told(reader, id).stop_reason as { type?: string } | null)?.type === "requires_action");
    const retrieved = await server.call("GET", `/v1/sessions/${id}`);
    const timeless = { stats: null, usage: null };
    expect({ ...told(reader, id), ...timeless }).toEqual({ ...(retrieved.body as object), ...timeless });
    await server.call("POST", `/v1/sessions/${id}/archive`);
    await until(() => typeof told(reader, id).archived_at === "string");
    await server.call("DELETE", `/v1/sessions/${id}`);
    await until(() => reader.frames.some((frame) => frame.type === "session_deleted" && frame.data.id === id));
  });

  test("a session that changes all the time is told a few times a second, its last state always", async () => {
    const id = await newSession("busy");
    const reader = await open();
    for (let index = 0; index < 200; index++) await rename(id, `title ${index}`);
    await until(() => told(reader, id).title === "title 199");
    expect(reader.frames.length).toBeLessThan(100);
  });
});

describe("who comes back", () => {
  test("gets each session that changed since, in its newest state, and those that were deleted", async () => {
    const [kept, changed, deleted] = [await newSession("kept"), await newSession("changed"), await newSession("gone")];
    const first = await open();
    await rename(changed, "before the cut");
    await until(() => told(first, changed).title === "before the cut");
    first.cut();
    await until(() => first.ended);
    for (const title of ["a", "b", "after the cut"]) await rename(changed, title);
    await server.call("DELETE", `/v1/sessions/${deleted}`);
    const added = await newSession("added");
    const second = await open({ after: first.cursor });
    await until(() => told(second, added).title === "added");
    expect(second.frames.filter((frame) => frame.type === "resync")).toEqual([]);
    expect(told(second, changed).title).toBe("after the cut");
    expect(second.frames.filter((frame) => sessionOf(frame).id === changed)).toHaveLength(1);
    expect(second.frames.find((frame) => frame.type === "session_deleted")?.data.id).toBe(deleted);
    expect(told(second, kept)).toEqual({});
  });

  test("may come to another process", async () => {
    await using other = await startSecondServer();
    const first = await open();
    first.cut();
    const id = await newSession("elsewhere");
    const second = await open({ after: first.cursor, url: other.url });
    await until(() => told(second, id).title === "elsewhere");
    await rename(id, "told by the first process");
    await until(() => told(second, id).title === "told by the first process");
    expect(second.frames.filter((frame) => frame.type === "resync")).toEqual([]);
    second.cut();
  });

  test.each([
    ["of a session's stream", "17"],
    ["of another database", "00000000-1-1700000000"],
  ])("with a cursor %s is told to read the list", async (_, after) => {
    const reader = await open({ after });
    await until(() => reader.frames.length > 0);
    expect(reader.frames[0]).toMatchObject({ type: "resync", data: { reason: "cursor_unknown" } });
    const id = await newSession("then");
    await until(() => told(reader, id).title === "then");
  });

  test("after more changes than fit is told to read the list", async () => {
    const first = await open();
    first.cut();
    const { sql } = await import("kysely");
    await sql`insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id)
      select 'sesn_' || lpad(n::text, 26, '0'), s.team_id, s.agent_id, s.agent_version, s.agent, s.environment_id
      from generate_series(1, 1100) n, (select * from sessions limit 1) s`.execute(server.web.db);
    const second = await open({ after: first.cursor });
    await until(() => second.frames.length > 0);
    expect(second.frames[0]).toMatchObject({ type: "resync", data: { reason: "too_many_changes" } });
    await sql`delete from sessions where id like 'sesn_00000000%'`.execute(server.web.db);
  });

  test("with random cuts ends with the state of the database", async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => newSession("start")));
    const seen = new Map<string, unknown>();
    let cursor: string | null = (await open()).cursor;
    let writing = true;
    const following = (async () => {
      for (;;) {
        const last = !writing;
        const reader: TeamReader = await open({ after: cursor });
        const enough = 1 + Math.floor(Math.random() * 6);
        await until(() => reader.frames.length >= enough || !writing);
        if (last) await until(() => ids.every((id) => (told(reader, id).title ?? seen.get(id)) === `${id} 29`));
        reader.cut();
        await until(() => reader.ended);
        cursor = reader.cursor;
        for (const frame of reader.frames)
          if (frame.type === "session_changed") seen.set(String(sessionOf(frame).id), sessionOf(frame).title);
        if (last) return;
      }
    })();
    await Promise.all(
      ids.map(async (id) => {
        for (let index = 0; index < 30; index++) await rename(id, `${id} ${index}`);
      }),
    );
    writing = false;
    await following;
    for (const id of ids) expect(seen.get(id)).toBe(`${id} 29`);
  });
});

describe("agents, environments and keys", () => {
  const changed = (reader: TeamReader, type: string, id: string) =>
    reader.frames.filter((frame) => frame.type === type && frame.data.id === id).length;
  const made = async (path: string, body: object) =>
    ((await server.call("POST", path, { body })).body as { id: string }).id;

  test("tell that they were made, changed, archived, revoked, deleted; each with its id alone", async () => {
    const reader = await open();
    const agent = await made("/v1/agents", { name: "Bea", model: "alpha" });
    await until(() => changed(reader, "agent_changed", agent) === 1);
    expect(reader.frames.at(-1)).toMatchObject({ id: reader.cursor, data: { type: "agent_changed", id: agent } });
    await server.call("POST", `/v1/agents/${agent}`, { body: { name: "Bea 2" } });
    await until(() => changed(reader, "agent_changed", agent) === 2);
    await server.call("POST", `/v1/agents/${agent}/archive`);
    await until(() => changed(reader, "agent_changed", agent) === 3);

    const environment = await made("/v1/environments", { name: "for the stream" });
    await until(() => changed(reader, "environment_changed", environment) === 1);
    await server.call("POST", `/v1/environments/${environment}`, { body: { description: "new" } });
    await until(() => changed(reader, "environment_changed", environment) === 2);
    // What it reaches is below what the team allows.
    await server.call("POST", "/v1/team_networking", { body: { ceiling: { type: "limited" } } });
    await until(() => changed(reader, "environment_changed", environment) === 3);
    await server.call("POST", "/v1/team_networking", { body: { ceiling: null } });
    await until(() => changed(reader, "environment_changed", environment) === 4);
    await server.call("DELETE", `/v1/environments/${environment}`);
    await until(() => changed(reader, "environment_changed", environment) === 5);

    const { id: key, value } = (await server.call("POST", "/v1/api_keys", { body: { name: "k" } })).body as {
      id: string;
      value: string;
    };
    await until(() => changed(reader, "api_key_changed", key) === 1);
    expect(JSON.stringify(reader.frames)).not.toContain(value);
    // That it is used is no change.
    await server.call("GET", "/v1/agents", { headers: { "x-api-key": value }, anonymous: true });
    await server.call("POST", `/v1/api_keys/${key}/revoke`);
    await until(() => changed(reader, "api_key_changed", key) === 2);
    const last = await made("/v1/agents", { name: "Last", model: "alpha" });
    await until(() => changed(reader, "agent_changed", last) === 1);
    expect(changed(reader, "api_key_changed", key)).toBe(2);
  });

  test("that changed while one was away are told afterwards, also by another process", async () => {
    await using other = await startSecondServer();
    const first = await open();
    first.cut();
    const agent = await made("/v1/agents", { name: "Cy", model: "alpha" });
    const second = await open({ after: first.cursor, url: other.url });
    await until(() => changed(second, "agent_changed", agent) === 1);
    await server.call("POST", `/v1/agents/${agent}`, { body: { name: "Cy 2" } });
    await until(() => changed(second, "agent_changed", agent) === 2);
    expect(second.frames.filter((frame) => frame.type === "resync")).toEqual([]);
    second.cut();
  });
});

describe("the events of sessions on the same connection", () => {
  const message = (text: string) => ({ type: "user.message", content: [{ type: "text", text }] });
  const say = (id: string, text: string) =>
    server.call("POST", `/v1/sessions/${id}/events`, { body: { events: [message(text)] } });
  const seqs = (reader: TeamReader, id: string) =>
    reader.frames.flatMap(({ type, data }) => (type === "session_event" && data.session_id === id ? [data.seq] : []));

  test("come as session_event, each from its own place, as they are on the session's own stream", async () => {
    const [one, two, other] = [await newSession(), await newSession(), await newSession()];
    for (const text of ["1", "2"]) for (const id of [one, two, other]) await say(id, text);
    const reader = await open({ query: `session_ids[]=${one}:0&session_ids[]=${two}` });
    await say(one, "3 äöü 🎉");
    await say(two, "3");
    await say(other, "3");
    await until(() => seqs(reader, one).length === 3 && seqs(reader, two).length === 1);
    expect([seqs(reader, one), seqs(reader, two), seqs(reader, other)]).toEqual([[1, 2, 3], [3], []]);
    const listed = await server.call("GET", `/v1/sessions/${one}/events`);
    const ofOne = reader.frames.filter(({ type, data }) => type === "session_event" && data.session_id === one);
    const events = ofOne.map((frame) => frame.data.event);
    expect(events).toEqual((listed.body as { data: unknown[] }).data);
    // Its frames do not move the cursor of the team's changes.
    expect(reader.frames.filter((frame) => frame.type === "session_event" && frame.id !== null)).toEqual([]);
  });

  test("are followed by a word that says when what was stored is through", async () => {
    const [long, empty] = [await newSession(), await newSession()];
    // More than the hub reads at once.
    await appendEvents(server.web.db, {
      sessionId: long,
      events: Array.from({ length: 1_200 }, () => ({
        id: newId("event"),
        type: "agent.thinking",
        payload: {},
        processedAt: new Date(),
      })),
    });
    const reader = await open({ query: `session_ids[]=${long}:0&session_ids[]=${empty}:0` });
    const through = (id: string) =>
      reader.frames.findIndex(({ type, data }) => type === "session_caught_up" && data.session_id === id);
    await until(() => through(long) >= 0 && through(empty) >= 0);
    expect(reader.frames[through(long)]?.data.seq).toBe(1_200);
    expect(reader.frames[through(empty)]?.data.seq).toBe(0);
    const last = reader.frames.findIndex(({ data }) => data.session_id === long && data.seq === 1_200);
    expect(reader.frames[last]?.type).toBe("session_event");
    expect(last).toBeLessThan(through(long));
    await say(long, "new");
    await until(() => seqs(reader, long).at(-1) === 1_201);
    expect(reader.frames.filter(({ type }) => type === "session_caught_up")).toHaveLength(2);
  });

  test("end with the session; the connection goes on", async () => {
    const [gone, kept] = [await newSession(), await newSession()];
    const reader = await open({ query: `session_ids[]=${gone}&session_ids[]=${kept}` });
    await server.call("DELETE", `/v1/sessions/${gone}`);
    await until(() => reader.frames.some(({ data }) => (data.event as { type?: string })?.type === "session.deleted"));
    await say(kept, "still here");
    await until(() => seqs(reader, kept).length === 1);
    expect(reader.ended).toBe(false);
  });

  test("of a session that is not there are refused in a frame, the others come", async () => {
    const id = await newSession();
    const missing = newId("session");
    const reader = await open({ query: `session_ids[]=${missing}&session_ids[]=${id}` });
    await say(id, "hello");
    await until(() => seqs(reader, id).length === 1);
    expect(reader.frames.find((frame) => frame.type === "session_refused")?.data).toMatchObject({
      session_id: missing,
      error: { type: "not_found_error" },
    });
  });

  test("an entry of 5 MB does not cost the connection", async () => {
    const [large, small] = [await newSession(), await newSession()];
    const reader = await open({ query: `session_ids[]=${large}&session_ids[]=${small}` });
    const payload = { content: [{ type: "text", text: "x".repeat(5 * 1024 * 1024) }] };
    await appendEvents(server.web.db, {
      sessionId: large,
      events: [{ id: newId("event"), type: "agent.message", payload, processedAt: new Date() }],
    });
    for (let index = 0; index < 10; index++) await say(small, `${index}`);
    await until(() => seqs(reader, large).length === 1 && seqs(reader, small).length === 10);
    expect(reader.ended).toBe(false);
  });
});

test.each([
  ["an unknown field", "before=1"],
  ["a strange place in a session", "session_ids[]=sesn_1:x"],
  ["too many sessions", Array.from({ length: 101 }, (_, index) => `session_ids[]=sesn_${index}`).join("&")],
  ["unknown previews", "event_deltas[]=agent.dance"],
])("%s is refused", async (_, query) => expect((await open({ query })).status).toBe(400));

test("a wrong key is refused", async () =>
  expect((await open({ headers: { "x-api-key": "wrong" } })).status).toBe(401));

describe("another team", () => {
  test("neither hears of changes nor gets events", async () => {
    const { db } = server.web;
    await db.insertInto("teams").values({ id: "team_other", name: "other" }).execute();
    const { hashToken } = await import("../../src/teams/tokens.ts");
    const key_hash = hashToken("key-of-the-other-team");
    await db
      .insertInto("api_keys")
      .values({
        id: newId("apiKey"),
        team_id: "team_other",
        name: "other",
        key_hash,
        last_used_at: null,
        revoked_at: null,
      })
      .execute();
    const id = await newSession("secret");
    const ours = await open();
    const theirs = await open({ headers: { "x-api-key": "key-of-the-other-team" }, query: `session_ids[]=${id}:0` });
    const resumed = await open({ headers: { "x-api-key": "key-of-the-other-team" }, after: ours.cursor });
    await rename(id, "more secret");
    await until(() => told(ours, id).title === "more secret");
    await server.call("DELETE", `/v1/sessions/${id}`);
    await until(() => ours.frames.some((frame) => frame.type === "session_deleted"));
    // A resume may tell of their own key once more, which was made just before; of our session it tells nothing.
    const ofSessions = (frames: readonly { type: string }[]) =>
      frames.map(({ type }) => type).filter((type) => type !== "api_key_changed");
    expect(ofSessions(theirs.frames).sort()).toEqual(["resync", "session_refused"]);
    expect(ofSessions(resumed.frames)).toEqual([]);
  });
});

describe("an open stream", () => {
  test("ends when its key is revoked, with the reason; those of other keys go on", async () => {
    const made = await server.call("POST", "/v1/api_keys", { body: { name: "short-lived" } });
    const { id, value } = made.body as { id: string; value: string };
    const session = await newSession();
    const team = await open({ headers: { "x-api-key": value } });
    const other = await open();
    const events = await fetch(`${server.url}/v1/sessions/${session}/events/stream`, {
      headers: { "x-api-key": value },
    });
    const text = events.text();
    await server.call("POST", `/v1/api_keys/${id}/revoke`);
    await until(() => team.ended, { timeoutMs: 15_000 });
    expect(team.frames.at(-1)).toMatchObject({ type: "error", data: { error: { type: "authentication_error" } } });
    expect(await text).toContain("authentication_error");
    expect(other.ended).toBe(false);
  });

  test("ends when its browser logs out", async () => {
    const login = await fetch(`${server.url}/auth/login`, {
      method: "POST",
      headers: { "x-berth-csrf": "1", "content-type": "application/json" },
      body: JSON.stringify({ api_key: server.apiKey }),
    });
    const cookie = login.headers.get("set-cookie")?.split(";")[0] ?? "";
    const headers = { cookie, "x-berth-csrf": "1" };
    const cutting = new AbortController();
    const stream = await fetch(`${server.url}/v1/sessions/stream`, { headers, signal: cutting.signal });
    expect(stream.status).toBe(200);
    await fetch(`${server.url}/auth/logout`, { method: "POST", headers });
    expect(await stream.text()).toContain("authentication_error");
  });
});

test("a client that takes nothing gets what is newest once it does", async () => {
  const ids = await Promise.all(Array.from({ length: 20 }, () => newSession("x".repeat(400))));
  const { port } = new URL(server.url);
  const lazy = connect(Number(port), "127.0.0.1");
  lazy.pause();
  lazy.write(`GET /v1/sessions/stream HTTP/1.1\r\nHost: localhost\r\nx-api-key: ${server.apiKey}\r\n\r\n`);
  const busy = await open();
  await until(() => server.web.changeHub.subscriberCount === 2);
  for (let round = 0; round < 10; round++) await Promise.all(ids.map((id) => rename(id, `round ${round}`)));
  await until(() => ids.every((id) => told(busy, id).title === "round 9"));
  let text = "";
  lazy.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  lazy.resume();
  await until(() => text.split('"title":"round 9"').length > ids.length);
  lazy.destroy();
});

async function startSecondServer(): Promise<ApiServer & AsyncDisposable> {
  const second = await startApiServer({ database: server.database });
  return { ...second, [Symbol.asyncDispose]: () => second.close() };
}
