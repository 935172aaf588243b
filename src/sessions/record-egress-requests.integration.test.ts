// A session's log tells of what no program does by accident: once each, not without end, and not to the model.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import type { EgressRequestRow } from "../db/egress-requests.ts";
import { newId } from "../lib/ids.ts";
import { createRecordEgressRequests } from "./record-egress-requests.ts";

let world: TurnWorld;
let clock = Date.now();
const grown: string[] = [];
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

const recorder = () =>
  createRecordEgressRequests({
    db: world.db,
    now: () => clock,
    onLogGrew: ({ sessionId, lastSeq }) => void grown.push(`${sessionId} ${lastSeq}`),
  });
const teamOf = async (sessionId: string) =>
  (await sql<{ team_id: string }>`select team_id from sessions where id = ${sessionId}`.execute(world.db)).rows[0]
    ?.team_id ?? "";
async function rowOf(sessionId: string, host: string, changes: Partial<EgressRequestRow> = {}) {
  const row: EgressRequestRow = {
    ...{ id: newId("egressRequest"), teamId: await teamOf(sessionId), sessionId, createdAt: new Date(clock) },
    source: "sandbox",
    ...{ method: "GET", host, port: 443, path: "/a", decision: "deny" as const, rule: "refused_address" },
    ...{ detail: "10.0.0.1: private", credentials: [], suspicious: true, status: 403 },
    ...{ requestBytes: 0, responseBytes: 0, durationMs: 1 },
    ...changes,
  };
  return row;
}
const told = async (sessionId: string) =>
  (
    await sql<{ payload: { host: string; rule: string; egress_request_id: string } }>`
      select payload from events where session_id = ${sessionId} and type = 'session.egress_refused' order by seq`.execute(
      world.db,
    )
  ).rows.map(({ payload }) => payload);

test("suspicious requests are told of, others and repetitions are not; the model sees nothing of it", async () => {
  const model = createScriptedModel(inTurn({ text: "one" }, { text: "two" }));
  const worker = await world.startWorker({ model, backend: createMemoryBackend() });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await world.settled(sessionId);
  const record = recorder();
  const rows = [
    await rowOf(sessionId, "inside.example.com"),
    await rowOf(sessionId, "inside.example.com"),
    await rowOf(sessionId, "other.example.com", { rule: "host_mismatch", detail: null }),
    await rowOf(sessionId, "plain.example.com", { suspicious: false, rule: "host_not_allowed" }),
  ];
  await record(rows);
  // The answer of the database was lost, say: the same lines again.
  await record(rows);
  expect((await told(sessionId)).map(({ host, rule }) => [host, rule])).toEqual([
    ["inside.example.com", "refused_address"],
    ["other.example.com", "host_mismatch"],
  ]);
  const kept = await sql<{ id: string }>`select id from egress_requests where session_id = ${sessionId}`.execute(
    world.db,
  );
  expect(kept.rows.map(({ id }) => id).toSorted()).toEqual(rows.map(({ id }) => id).toSorted());
  expect(grown.filter((entry) => entry.startsWith(sessionId))).toHaveLength(1);
  await world.say(sessionId, "And now?");
  await world.settled(sessionId);
  await worker.stop();
  expect(JSON.stringify(model.requests)).not.toContain("example.com");
});

test("an hour's worth of attempts is a few lines; the next hour tells again", async () => {
  const sessionId = await world.createSession();
  const record = recorder();
  for (let batch = 0; batch < 4; batch++)
    await record(
      await Promise.all(Array.from({ length: 9 }, (_, index) => rowOf(sessionId, `h${batch}-${index}.example.com`))),
    );
  expect(await told(sessionId)).toHaveLength(20);
  clock += 61 * 60_000;
  await record([await rowOf(sessionId, "later.example.com")]);
  expect(await told(sessionId)).toHaveLength(21);
});

test("a session that has ended, or another team's, keeps its log; the request is listed all the same", async () => {
  const [ended, other] = [await world.createSession(), await world.createSession()];
  await sql`update sessions set archived_at = now() where id = ${ended}`.execute(world.db);
  await recorder()([
    await rowOf(ended, "a.example.com"),
    await rowOf(other, "a.example.com", { teamId: newId("team") }),
  ]);
  expect([await told(ended), await told(other)]).toEqual([[], []]);
  const kept = await sql`select id from egress_requests where session_id = ${ended}`.execute(world.db);
  expect(kept.rows).toHaveLength(1);
});
