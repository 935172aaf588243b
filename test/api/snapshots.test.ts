// Snapshots over the API: listed in pages, asked for, and taken by the worker's sweep of a real sandbox.
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createSessionsClient } from "../../src/client/sessions.ts";
import { createTransport } from "../../src/client/transport.ts";
import { type Snapshot, snapshotObject, snapshotRequest } from "../../src/contract/snapshots.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { newId } from "../../src/lib/ids.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { createSessionSnapshots } from "../../src/sessions/session-snapshots.ts";
import { createSandboxSweeper } from "../../src/worker/sweep-sandboxes.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { sandboxesMissing, startTestSandboxd, TEST_SPEC, type TestSandboxd } from "../support/local-sandboxd.ts";
import { blobsAway, createMemoryBlobs } from "../support/memory-blobs.ts";
import { createMemoryOwnerFile } from "../support/turn-world.ts";
import { until } from "../support/until.ts";

describe.skipIf(sandboxesMissing() !== null)("snapshots of a session", () => {
  let sandboxd: TestSandboxd;
  let server: ApiServer;
  let sessionId: string;
  const blobs = createMemoryBlobs();

  beforeAll(async () => {
    sandboxd = await startTestSandboxd();
    server = await startApiServer({ sandboxes: { backend: sandboxd.backend, spec: TEST_SPEC } });
  });
  afterAll(async () => {
    await server?.close();
    await sandboxd?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    blobs.onRequest = null;
    const agent = await server.client().beta.agents.create({ name: "Files", model: "alpha" });
    const { body } = await server.call("POST", "/v1/sessions", { body: { agent: agent.id } });
    // The API's own answer.
    sessionId = (body as { id: string }).id;
  });

  const path = (query = "", id = sessionId) => `/v1/sessions/${id}/snapshots${query}`;
  const write = async (name: string, content: string) => {
    const query = new URLSearchParams({ path: name });
    const { status } = await server.call("POST", `/v1/sessions/${sessionId}/files/content?${query}`, { body: content });
    expect(status).toBe(200);
  };
  const list = async (query = "") => {
    const { status, body } = await server.call("GET", path(query));
    expect(status).toBe(200);
    // The API's own answer; each row is held against its contract.
    const page = body as { data: Snapshot[]; next_page: string | null };
    for (const one of page.data) snapshotObject.parse(one);
    return page;
  };
  const take = async (headers: Record<string, string> = {}) => {
    const answer = await server.call("POST", path(), { headers });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    return { ...answer, body: snapshotRequest.parse(answer.body) };
  };
  /** A worker's, as it goes every ten seconds. */
  async function sweep(): Promise<void> {
    const logger = createLogger("test", { level: "silent", pretty: false });
    const { db } = server.web;
    const snapshots = createSessionSnapshots({ db, blobs, diskMb: 256, clock: systemClock, logger });
    const { backend } = sandboxd;
    const owned = { ownerFile: createMemoryOwnerFile(), workerId: "wrk_sweeper", idleMs: 600_000 };
    await createSandboxSweeper({ db, backend, snapshots, clock: systemClock, logger, ...owned }).sweep();
  }

  test("one that was asked for is taken by the next sweep, whatever was used a moment ago, and ends nothing", async () => {
    await write("a.txt", "one");
    const { body } = await take();
    expect(body).toMatchObject({ session_id: sessionId, state: "requested", snapshot: null });
    expect((await list()).data).toEqual([]);
    await sweep();
    const { data, next_page } = await list();
    expect(next_page).toBeNull();
    expect(data).toMatchObject([
      { session_id: sessionId, state: "current", reason: "request", files: 1, size_bytes: 3, left_out: 0 },
    ]);
    expect(data[0]?.new_bytes).toBeGreaterThan(0);
    expect(Date.parse(data[0]?.checked_at ?? "")).toBeGreaterThanOrEqual(Date.parse(body.requested_at));
    expect((await server.call("GET", `/v1/sessions/${sessionId}/sandbox`)).body).toMatchObject({ state: "running" });
  });

  test("files that did not change get none of their own, and it is told that they were looked at", async () => {
    await write("a.txt", "one");
    await take();
    await sweep();
    const [first] = (await list()).data;
    const { body } = await take();
    await sweep();
    const { data } = await list();
    expect(data.map(({ id }) => id)).toEqual([first?.id]);
    expect(Date.parse(data[0]?.checked_at ?? "")).toBeGreaterThanOrEqual(Date.parse(body.requested_at));
    expect(Date.parse(data[0]?.checked_at ?? "")).toBeGreaterThan(Date.parse(first?.checked_at ?? ""));
  });

  test("each says what is different from the one before, and since when", async () => {
    await write("a.txt", "one");
    await write("b.txt", "two");
    await take();
    await sweep();
    const [first] = (await list()).data;
    expect(first?.changes).toEqual({
      since: null,
      added: { count: 2, paths: ["/workspace/a.txt", "/workspace/b.txt"] },
      changed: { count: 0, paths: [] },
      removed: { count: 0, paths: [] },
    });
    const opened = await sandboxd.backend.open(sessionId);
    const command = "cd /workspace && rm a.txt && echo more >> b.txt && mkdir d && echo x > 'd/c\u202e.txt'";
    expect((await opened.runOperation("op-change", { kind: "bash", command })).outcome).toBe("ok");
    await take();
    await sweep();
    const [second] = (await list()).data;
    expect(second?.changes).toEqual({
      since: { snapshot_id: first?.id, seq: first?.checked_seq, at: first?.checked_at },
      added: { count: 1, paths: ["/workspace/d/c\u202e.txt"] },
      changed: { count: 1, paths: ["/workspace/b.txt"] },
      removed: { count: 1, paths: ["/workspace/a.txt"] },
    });
  });

  test("whoever follows the team hears of a snapshot, and of files that were found the same", async () => {
    await write("a.txt", "one");
    const { db } = server.web;
    const changedBy = async () => {
      const found = await sql<{ xid: string }>`select changed_xid::text as xid from sessions where id = ${sessionId}`;
      return (await found.execute(db)).rows[0]?.xid;
    };
    const seen = [await changedBy()];
    for (let look = 0; look < 2; look++) {
      await take();
      await sweep();
      seen.push(await changedBy());
    }
    expect(new Set(seen).size).toBe(3);
  });

  test("one of an earlier release says that it does not know", async () => {
    await write("a.txt", "one");
    await take();
    await sweep();
    await sql`update snapshots set changes = null where session_id = ${sessionId}`.execute(server.web.db);
    expect((await list()).data).toMatchObject([{ changes: null }]);
  });

  test("they come in pages, newest first, with the message that each follows; the rows of other sessions stay theirs", async () => {
    for (const name of ["a", "b", "c"]) {
      await write(name, name);
      await take();
      await sweep();
    }
    const message = newId("event");
    const { db } = server.web;
    await sql`insert into events (session_id, team_id, seq, id, type, payload)
      select id, team_id, 1, ${message}, 'user.message', '{}'::jsonb from sessions where id = ${sessionId}`.execute(db);
    await sql`update snapshots set seq = 2 where session_id = ${sessionId} and files = 3`.execute(db);
    const all = (await list()).data;
    expect(all.map(({ files, state }) => [files, state])).toEqual([
      [3, "current"],
      [2, "earlier"],
      [1, "earlier"],
    ]);
    expect(all.map(({ after_event_id }) => after_event_id)).toEqual([message, null, null]);
    const seen: string[] = [];
    for (let page = await list("?limit=2"); ; page = await list(`?limit=2&page=${page.next_page}`)) {
      seen.push(...page.data.map(({ id }) => id));
      if (page.next_page === null) break;
    }
    expect(seen).toEqual(all.map(({ id }) => id));
    expect((await list("?order=asc")).data.map(({ id }) => id)).toEqual(seen.toReversed());
    for (const [query, what] of [
      ["?limti=3", /limti: unknown field/],
      ["?page=nonsense", /page/],
      ["?limit=0", /limit/],
      [`?order=asc&page=${(await list("?limit=1")).next_page}`, /order=desc/],
    ] as const) {
      const answer = await server.call("GET", path(query));
      expect(answer.status, query).toBe(400);
      expect(JSON.stringify(answer.body)).toMatch(what);
    }
    expect((await server.call("POST", path("?limti=3"))).status).toBe(400);
    expect((await server.call("POST", path(), { body: { when: "now" } })).status).toBe(400);
  });

  test("while none can be taken it is refused with what to do", async () => {
    const refused = async () => {
      const { status, body } = await server.call("POST", path());
      expect(status).toBe(409);
      return JSON.stringify(body);
    };
    expect(await refused()).toMatch(/no sandbox yet/);
    await write("a.txt", "one");
    const { db } = server.web;
    await sql`update sessions set wake_at = now() where id = ${sessionId}`.execute(db);
    expect(await refused()).toMatch(/until it is idle, or interrupt/);
    await sql`update sessions set wake_at = null, lease_owner = 'wrk_x', lease_until = now() + interval '1 minute'
      where id = ${sessionId}`.execute(db);
    expect(await refused()).toMatch(/a snapshot of it is being taken/);
    await sql`update sessions set lease_owner = null, lease_until = null where id = ${sessionId}`.execute(db);
    await server.call("POST", `/v1/sessions/${sessionId}/sandbox/end`);
    expect(await refused()).toMatch(/Wake it first/);
    expect((await list()).data).toEqual([]);
  });

  test("of a sandbox that sleeps, and was kept before, the answer is what is on its disk", async () => {
    await write("a.txt", "one");
    await take();
    await sweep();
    await server.call("POST", `/v1/sessions/${sessionId}/sandbox/end`);
    const { body } = await take();
    expect(body).toMatchObject({ state: "done", snapshot: (await list()).data[0] });
  });

  test("with the blob store away it waits, and is taken when that is back", async () => {
    await write("a.txt", "one");
    await take();
    blobs.onRequest = blobsAway;
    await sweep();
    expect((await list()).data).toEqual([]);
    blobs.onRequest = null;
    await sweep();
    expect((await list()).data).toMatchObject([{ reason: "request" }]);
  });

  test("asked again with the same key it is asked once", async () => {
    await write("a.txt", "one");
    const headers = { "idempotency-key": newId("request") };
    const first = await take(headers);
    await sweep();
    const second = await take(headers);
    expect(second.headers.get("idempotent-replayed")).toBe("true");
    expect(second.body).toEqual(first.body);
    // Nothing was asked a second time, so there is nothing to look at.
    const [before] = (await list()).data;
    await sweep();
    expect((await list()).data).toEqual([before]);
  });

  test("what a process in the background writes long after the last use is kept, without anybody asking", async () => {
    await write("a.txt", "one");
    await take();
    await sweep();
    const { db } = server.web;
    const sandbox = await sandboxd.backend.open(sessionId);
    const command = "(echo late > late.txt; exec sleep 600) > /dev/null 2>&1 &";
    expect((await sandbox.runOperation("op-background", { kind: "bash", command })).outcome).toBe("ok");
    await until(async () => (await sandbox.listDirectory("/workspace")).length === 2);
    // As it is five minutes later: neither the row nor the last snapshot knows of anything new.
    await sql`update sandboxes set last_used_at = now() - interval '5 minutes' where session_id = ${sessionId}`.execute(
      db,
    );
    await sql`update snapshots set until_at = now() - interval '5 minutes' where session_id = ${sessionId}`.execute(db);
    await sweep();
    expect((await list()).data.map(({ reason, files }) => [reason, files])).toEqual([
      ["turn", 2],
      ["request", 1],
    ]);
    expect((await server.call("GET", `/v1/sessions/${sessionId}/sandbox`)).body).toMatchObject({ state: "running" });
  });

  test("a session of another team, or none, is not there; without a key nothing is told", async () => {
    await write("a.txt", "one");
    for (const method of ["GET", "POST"]) {
      expect((await server.call(method, path("", newId("session")))).status).toBe(404);
      expect((await server.call(method, path(), { anonymous: true })).status).toBe(401);
    }
    await sql`insert into teams (id, name) values ('team_other', 'Other')`.execute(server.web.db);
    await server.web.db.updateTable("sessions").set({ team_id: "team_other" }).where("id", "=", sessionId).execute();
    for (const method of ["GET", "POST"]) expect((await server.call(method, path())).status).toBe(404);
  });

  test("the client lists and takes them", async () => {
    await write("a.txt", "one");
    const sessions = createSessionsClient(createTransport({ baseUrl: server.url, apiKey: server.apiKey }));
    expect(await sessions.takeSnapshot(sessionId)).toMatchObject({ state: "requested" });
    await sweep();
    expect((await sessions.snapshots(sessionId, { limit: 1 })).data).toMatchObject([{ files: 1 }]);
  });
});
