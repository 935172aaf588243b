// What is running now, as an operator reads it; and the end of a sandbox that is stuck.
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Overview } from "../../src/contract/overview.ts";
import { appendEvents } from "../../src/db/events.ts";
import { newId } from "../../src/lib/ids.ts";
import { type ApiServer, startApiServer } from "../support/api-server.ts";
import { sandboxesMissing, startTestSandboxd, TEST_SPEC, type TestSandboxd } from "../support/local-sandboxd.ts";

describe.skipIf(sandboxesMissing() !== null)("what is running now", () => {
  let sandboxd: TestSandboxd;
  let server: ApiServer;
  beforeAll(async () => {
    sandboxd = await startTestSandboxd();
    server = await startApiServer({ sandboxes: { backend: sandboxd.backend, spec: TEST_SPEC } });
  });
  afterAll(async () => {
    await server?.close();
    await sandboxd?.[Symbol.asyncDispose]();
  });

  async function newSession(title: string): Promise<string> {
    const agent = await server.client().beta.agents.create({ name: "Op", model: "alpha" });
    const { body } = await server.call("POST", "/v1/sessions", { body: { agent: agent.id, title } });
    // The API's own answer.
    return (body as { id: string }).id;
  }
  /** As a worker leaves a session whose call waits. */
  async function waitFor(sessionId: string, call: { type: string; payload: Record<string, unknown> }): Promise<void> {
    const stored = { ...call, id: newId("event"), processedAt: new Date() };
    await appendEvents(server.web.db, { sessionId, events: [stored] });
    const stopReason = { type: "requires_action", event_ids: [stored.id] };
    await appendEvents(server.web.db, { sessionId, events: [], changes: { status: "idle", stopReason } });
  }
  const overview = async (): Promise<Overview> => {
    const answer = await server.call("GET", "/v1/overview");
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    // The API's own answer.
    return answer.body as Overview;
  };

  test("sessions by state, who holds them, the queue, workers, sandboxes and their memory", async () => {
    const [queued, held, waits] = [await newSession("queued"), await newSession("held"), await newSession("waits")];
    const forProgram = await newSession("waits for its program");
    const workerId = newId("worker");
    await sql`insert into workers (id, lock_key, hostname, pid, version, health)
      values (${workerId}, 1, 'host-1', 1, '9.9.9', '{"concurrency": 8}')`.execute(server.web.db);
    await sql`update sessions set wake_at = now() - interval '90 seconds' where id = ${queued}`.execute(server.web.db);
    await sql`update sessions set status = 'running', wake_at = now(), active_since = now() - interval '5 minutes',
      lease_owner = ${workerId}, lease_until = now() + interval '30 seconds', failed_claims = 2 where id = ${held}`.execute(
      server.web.db,
    );
    await waitFor(waits, { type: "agent.tool_use", payload: { name: "bash", input: {}, evaluated_permission: "ask" } });
    await waitFor(forProgram, { type: "agent.custom_tool_use", payload: { name: "deploy", input: {} } });
    await server.call("POST", `/v1/sessions/${held}/files/content?path=note`, { body: "x" });

    const now = await overview();
    expect(now.sessions).toEqual({
      running: 2,
      waiting_for_you: 1,
      waiting_for_program: 1,
      idle: 0,
      terminated: 0,
    });
    expect(now.queue.length).toBe(1);
    expect(now.queue.oldest_seconds).toBeGreaterThan(80);
    expect(now.workers).toMatchObject([
      { id: workerId, hostname: "host-1", version: "9.9.9", running: 1, concurrency: 8 },
    ]);
    expect(now.database.size_bytes).toBeGreaterThan(1_000_000);
    expect(now.active.map(({ id, state }) => [id, state])).toEqual([
      [held, "running"],
      [queued, "queued"],
    ]);
    expect(now.active[0]).toMatchObject({
      title: "held",
      worker_id: workerId,
      failed_claims: 2,
      agent: { name: "Op" },
    });
    expect(now.active[1]).toMatchObject({ worker_id: null, sandbox: null });
    expect(now.sandboxes).toMatchObject({ running: 1, hibernated: 0, problem: null });
  });

  test("a stuck sandbox is ended: its processes are gone, its files stay, the next use wakes it", async () => {
    const id = await newSession("stuck");
    expect((await server.call("POST", `/v1/sessions/${id}/sandbox/end`)).status).toBe(404);
    await server.call("POST", `/v1/sessions/${id}/files/content?path=note`, { body: "kept" });
    const sandbox = await sandboxd.backend.open(id);
    const stuck = sandbox.runOperation("stuck", { kind: "bash", command: "sleep 600" }).catch((error: Error) => error);
    const ended = await server.call("POST", `/v1/sessions/${id}/sandbox/end`);
    expect(ended).toMatchObject({ status: 200, body: { type: "sandbox", session_id: id, state: "hibernated" } });
    expect(await stuck).toMatchObject({ code: "sandbox_gone" });
    expect((await server.call("POST", `/v1/sessions/${id}/sandbox/end`)).status).toBe(200);
    const file = await fetch(`${server.url}/v1/sessions/${id}/files/content?path=note`, {
      headers: { "x-api-key": server.apiKey },
    });
    expect(await file.text()).toContain("kept");
    await server.web.db.insertInto("teams").values({ id: "team_other", name: "other" }).execute();
    await server.web.db.updateTable("sessions").set({ team_id: "team_other" }).where("id", "=", id).execute();
    expect((await server.call("POST", `/v1/sessions/${id}/sandbox/end`)).status).toBe(404);
    expect((await overview()).active.map((one) => one.id)).not.toContain(id);
  });

  test("a backend that does not answer is told, and hides nothing else", async () => {
    await sandboxd[Symbol.asyncDispose]();
    const now = await overview();
    expect(now.sandboxes.problem).toMatch(/sandbox/i);
    expect(now.sandboxes.memory_bytes).toBeNull();
    expect(now.active.length).toBeGreaterThan(0);
  });
});
