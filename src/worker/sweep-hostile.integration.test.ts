// Sandboxes that do not tell of their files, or whose files can't be kept, keep no other from being kept, put to sleep or removed.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createMemoryOwnerFile, createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { recordSandbox } from "../db/sandboxes.ts";
import { listSnapshots } from "../db/snapshots.ts";
import { systemClock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { createLogger } from "../lib/logger.ts";
import { createSessionSnapshots } from "../sessions/session-snapshots.ts";
import { createSandboxSweeper } from "./sweep-sandboxes.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

const spec = { limits: { memoryMb: 1, cpus: 1, pids: 1, diskMb: 1 }, env: {} };

const logger = createLogger("test", { level: "silent", pretty: false });

function createSweeper(backend: ReturnType<typeof createMemoryBackend>, patienceMs = 60_000) {
  // The backend has a clock of its own, the machine's.
  let now = Date.now();
  const sweeper = createSandboxSweeper({
    db: world.db,
    backend,
    ownerFile: createMemoryOwnerFile(),
    workerId: "wrk_sweeper",
    idleMs: 60_000,
    snapshots: createSessionSnapshots({ db: world.db, blobs: world.blobs, diskMb: 64, clock: systemClock, logger }),
    clock: { now: () => now, sleep: async () => undefined },
    logger,
    patienceMs,
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
    startMs: 5,
  });
  backend.setUsedAt(sessionId, Date.now() - usedSecondsAgo * 1_000);
  await sql`update sandboxes set last_used_at = now() - ${usedSecondsAgo}::int * interval '1 second' where session_id = ${sessionId}`.execute(
    world.db,
  );
  return sessionId;
}

const stateOf = async (backend: ReturnType<typeof createMemoryBackend>, name: string) =>
  (await backend.list()).find((info) => info.name === name)?.state;

async function filesOf(sessionId: string): Promise<{ reason: string; files: number }[]> {
  const team = await sql<{ team_id: string }>`select team_id from sessions where id = ${sessionId}`.execute(world.db);
  const found = await listSnapshots(world.db, { teamId: team.rows[0]?.team_id ?? "", sessionId, limit: 10 });
  return found.map(({ reason, files }) => ({ reason, files }));
}

/** One whose runner says that it lives, and nothing else. */
function neverTells(backend: ReturnType<typeof createMemoryBackend>, mute: ReadonlySet<string>) {
  const { open } = backend;
  const asked: string[] = [];
  backend.open = async (name) => {
    const sandbox = await open(name);
    if (!mute.has(name)) return sandbox;
    asked.push(name);
    // Until its caller gives up, as the client of a runner does.
    async function* listTree({ signal }: { signal?: AbortSignal } = {}): AsyncGenerator<never> {
      await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    }
    return { ...sandbox, listTree };
  };
  return asked;
}

const inTeam = async (teamId: string, sessionIds: readonly string[]) => {
  await sql`update sandboxes set team_id = ${teamId} where session_id = any(${[...sessionIds]}::text[])`.execute(
    world.db,
  );
};

test("one that does not tell of its files keeps no other from being kept, put to sleep or removed; of a team two hold a place", async () => {
  const backend = createMemoryBackend();
  const mute: string[] = [];
  for (let count = 0; count < 6; count++) mute.push(await sessionWithSandbox(backend, 500));
  const idle = await sessionWithSandbox(backend, 120);
  const changed = await sessionWithSandbox(backend, 20);
  for (const name of [idle, changed]) backend.treeOf(name).write("workspace/a", Buffer.from("one"));
  await sql`insert into teams (id, name) values ('team_mute', 'mute') on conflict do nothing`.execute(world.db);
  await inTeam("team_mute", mute);
  const removed = newId("session");
  await backend.create(removed, spec);
  await sql`insert into sandbox_removals (name, team_id, backend) values (${removed}, 'team_x', ${backend.id})`.execute(
    world.db,
  );
  const asked = neverTells(backend, new Set(mute));

  const { sweep } = createSweeper(backend, 100);
  await sweep();
  // On a busy machine these take longer than the patience of this test, and go on by themselves, too.
  await expect.poll(() => stateOf(backend, idle)).toBe("hibernated");
  expect(await filesOf(idle)).toEqual([{ reason: "idle", files: 1 }]);
  await expect.poll(() => filesOf(changed)).toEqual([{ reason: "turn", files: 1 }]);
  expect((await backend.list()).map(({ name }) => name)).not.toContain(removed);
  expect(new Set(asked).size).toBe(2);
  // What goes on by itself ends with its session's next use, and is not begun with again meanwhile.
  await sweep();
  expect(asked).toHaveLength(2);
  await sql`update sessions set wake_at = now() where id = any(${mute}::text[])`.execute(world.db);
  for (const name of asked) await expect.poll(() => world.session(name)).toMatchObject({ leased: false });
});

test("one whose files can't be kept, for there are too many or it tells nonsense of them, keeps no other waiting", async () => {
  const backend = createMemoryBackend();
  const bad: string[] = [];
  for (let count = 0; count < 6; count++) bad.push(await sessionWithSandbox(backend, 40));
  const other = await sessionWithSandbox(backend, 20);
  backend.treeOf(other).write("workspace/a", Buffer.from("one"));
  const { open } = backend;
  let asked = 0;
  backend.open = async (name) => {
    const sandbox = await open(name);
    if (!bad.includes(name)) return sandbox;
    asked += 1;
    const code = asked % 2 === 0 ? "request_too_large" : "sandbox_unavailable";
    // biome-ignore lint/correctness/useYield: it fails before it has anything.
    async function* listTree(): AsyncGenerator<never> {
      throw new PlatformError(code, "its files can't be kept");
    }
    return { ...sandbox, listTree };
  };
  const { sweep, later } = createSweeper(backend);
  await sweep();
  await sweep();
  expect(await filesOf(other)).toEqual([{ reason: "turn", files: 1 }]);
  expect(asked).toBe(bad.length);
  // And are tried again.
  later(11 * 60_000);
  await sweep();
  expect(asked).toBeGreaterThan(bad.length);
  await sql`update sandboxes set state = 'hibernated' where session_id = any(${bad}::text[])`.execute(world.db);
});
