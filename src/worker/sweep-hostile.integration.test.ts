// Sandboxes that do not tell of their files, or whose files can't be kept, keep no other from being kept, put to sleep or removed.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createSweepWorld, SWEPT_SPEC, type SweepWorld, stateOf } from "../../test/support/sweep-world.ts";
import { until } from "../../test/support/until.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";

let world: SweepWorld;
beforeAll(async () => {
  world = await createSweepWorld();
});
afterAll(() => world.dispose());

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
  for (let count = 0; count < 6; count++) mute.push(await world.sessionWithSandbox(backend, 500));
  const idle = await world.sessionWithSandbox(backend, 120);
  const changed = await world.sessionWithSandbox(backend, 20);
  for (const name of [idle, changed]) backend.treeOf(name).write("workspace/a", Buffer.from("one"));
  await sql`insert into teams (id, name) values ('team_mute', 'mute') on conflict do nothing`.execute(world.db);
  await inTeam("team_mute", mute);
  const removed = newId("session");
  await backend.create(removed, SWEPT_SPEC);
  await sql`insert into sandbox_removals (name, team_id, backend) values (${removed}, 'team_x', ${backend.id})`.execute(
    world.db,
  );
  const asked = neverTells(backend, new Set(mute));

  const { sweep } = world.createSweeper(backend, { patienceMs: 100 });
  await sweep();
  // On a busy machine these take longer than the patience of this test, and go on by themselves, too.
  await until(async () => (await stateOf(backend, idle)) === "hibernated");
  expect(await world.filesOf(idle)).toEqual([{ reason: "idle", files: 1 }]);
  await until(async () => (await world.filesOf(changed)).length > 0);
  expect(await world.filesOf(changed)).toEqual([{ reason: "turn", files: 1 }]);
  expect((await backend.list()).map(({ name }) => name)).not.toContain(removed);
  expect(new Set(asked).size).toBe(2);
  // What goes on by itself ends with its session's next use, and is not begun with again meanwhile.
  await sweep();
  expect(asked).toHaveLength(2);
  await sql`update sessions set wake_at = now() where id = any(${mute}::text[])`.execute(world.db);
  for (const name of asked) await until(async () => !(await world.session(name)).leased);
});

test("one whose files can't be kept, for there are too many or it tells nonsense of them, keeps no other waiting", async () => {
  const backend = createMemoryBackend();
  const bad: string[] = [];
  for (let count = 0; count < 6; count++) bad.push(await world.sessionWithSandbox(backend, 40));
  const other = await world.sessionWithSandbox(backend, 20);
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
  const { sweep, later } = world.createSweeper(backend);
  await sweep();
  await sweep();
  expect(await world.filesOf(other)).toEqual([{ reason: "turn", files: 1 }]);
  expect(asked).toBe(bad.length);
  // And are tried again.
  later(11 * 60_000);
  await sweep();
  expect(asked).toBeGreaterThan(bad.length);
  await sql`update sandboxes set state = 'hibernated' where session_id = any(${bad}::text[])`.execute(world.db);
});
