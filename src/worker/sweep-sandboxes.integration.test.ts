// Sandboxes that nobody uses sleep, those of deleted sessions and those that nobody knows go away, all others stay.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { recordSandbox } from "../db/sandboxes.ts";
import { newId } from "../lib/ids.ts";
import { createLogger } from "../lib/logger.ts";
import { createSandboxSweeper } from "./sweep-sandboxes.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

const spec = { limits: { memoryMb: 1, cpus: 1, pids: 1, diskMb: 1 }, env: {} };

function createSweeper(backend: ReturnType<typeof createMemoryBackend>) {
  let now = 0;
  const sweeper = createSandboxSweeper({
    db: world.db,
    backend,
    workerId: "wrk_sweeper",
    idleMs: 60_000,
    clock: { now: () => now, sleep: async () => undefined },
    logger: createLogger("test", { level: "silent", pretty: false }),
  });
  return { sweep: () => sweeper.sweep(), later: (ms: number) => (now += ms) };
}

async function sessionWithSandbox(
  backend: ReturnType<typeof createMemoryBackend>,
  usedSecondsAgo: number,
): Promise<string> {
  const sessionId = await world.createSession();
  const { identity } = await backend.create(sessionId, spec);
  const team = await sql<{ team_id: string }>`select team_id from sessions where id = ${sessionId}`.execute(world.db);
  await recordSandbox(world.db, {
    sessionId,
    teamId: team.rows[0]?.team_id ?? "",
    name: sessionId,
    backend: backend.id,
    identity,
  });
  await sql`update sandboxes set last_used_at = now() - ${usedSecondsAgo}::int * interval '1 second' where session_id = ${sessionId}`.execute(
    world.db,
  );
  return sessionId;
}

const stateOf = async (backend: ReturnType<typeof createMemoryBackend>, name: string) =>
  (await backend.list()).find((info) => info.name === name)?.state;

test("an idle one is put to sleep, one in use is not", async () => {
  const backend = createMemoryBackend();
  const idle = await sessionWithSandbox(backend, 120);
  const fresh = await sessionWithSandbox(backend, 5);
  const busy = await sessionWithSandbox(backend, 120);
  await sql`update sessions set wake_at = now(), lease_owner = 'wrk_x', lease_until = now() + interval '1 minute' where id = ${busy}`.execute(
    world.db,
  );
  await createSweeper(backend).sweep();
  expect(await stateOf(backend, idle)).toBe("hibernated");
  expect(await stateOf(backend, fresh)).toBe("running");
  expect(await stateOf(backend, busy)).toBe("running");
  expect(await world.session(idle)).toMatchObject({ leased: false, failedClaims: 0 });
});

test("that of a deleted session is removed, and only then forgotten", async () => {
  const backend = createMemoryBackend();
  const name = newId("session");
  await backend.create(name, spec);
  await sql`insert into sandbox_removals (name, team_id, backend) values (${name}, 'team_x', ${backend.id}), ('sesn_elsewhere', 'team_x', 'other')`.execute(
    world.db,
  );
  await createSweeper(backend).sweep();
  expect(await backend.list()).toEqual([]);
  const left = await sql<{ name: string }>`select name from sandbox_removals`.execute(world.db);
  expect(left.rows).toEqual([{ name: "sesn_elsewhere" }]);
});

test("a stray is removed after a minute; what is a session's or not ours is not", async () => {
  const backend = createMemoryBackend();
  const known = await world.createSession();
  const stray = newId("session");
  for (const name of [known, stray, "blank-1"]) await backend.create(name, spec);
  const { sweep, later } = createSweeper(backend);
  await sweep();
  later(59_000);
  await sweep();
  expect(await stateOf(backend, stray)).toBe("running");
  later(2_000);
  await sweep();
  expect((await backend.list()).map((info) => info.name).sort()).toEqual([known, "blank-1"].sort());
});
