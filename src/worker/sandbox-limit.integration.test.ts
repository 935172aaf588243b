// BERTH_TEAM_SANDBOXES: a team runs no more sandboxes at once; who needs one more waits in order, says so, and goes on when another one sleeps.
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { Session } from "../contract/sessions.ts";
import { askForSandboxPlace } from "../db/sandbox-places.ts";
import { recordSandbox } from "../db/sandboxes.ts";
import { systemClock } from "../lib/clock.ts";
import { createLogger } from "../lib/logger.ts";
import { createReadyForPerson } from "../sessions/ready-for-person.ts";
import { createSessionFiles } from "../sessions/session-files.ts";

let world: TurnWorld;
let teamId = "";
beforeAll(async () => {
  world = await createTurnWorld();
  await world.createSession();
  const team = await sql<{ team_id: string }>`select team_id from sessions limit 1`.execute(world.db);
  teamId = team.rows[0]?.team_id ?? "";
});
afterAll(() => world.dispose());
beforeEach(async () => {
  await sql`delete from sandboxes`.execute(world.db);
  await sql`delete from sandbox_places`.execute(world.db);
});

/** With work, as a session in a turn has. */
async function createBusy(count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => world.createSession()));
  await sql`update sessions set wake_at = now() + interval '1 hour' where id = any(${ids}::text[])`.execute(world.db);
  return ids;
}
const ask = async (sessionId: string, limit = 2) => {
  const place = await askForSandboxPlace(world.db, { sessionId, teamId, limit });
  return place.granted ? "granted" : place.ahead;
};
const record = (sessionId: string) =>
  recordSandbox(world.db, {
    ...{ sessionId, teamId, name: sessionId, backend: "memory", identity: "disk", startMs: 1 },
  });
const sleep = (sessionId: string) =>
  sql`update sandboxes set state = 'hibernated' where session_id = ${sessionId}`.execute(world.db);

test("however many ask at once, no more places are given than there are, and one that runs has its own", async () => {
  const ids = await createBusy(8);
  const answers = await Promise.all(ids.map((id) => ask(id)));
  expect(answers.filter((answer) => answer === "granted")).toHaveLength(2);
  const granted = ids.filter((_, index) => answers[index] === "granted");
  for (const id of granted) expect(await ask(id)).toBe("granted");
  for (const id of granted) await record(id);
  expect((await Promise.all(ids.map((id) => ask(id)))).filter((answer) => answer === "granted")).toHaveLength(2);
  for (const id of granted) expect(await ask(id)).toBe("granted");
});

test("who asked first is next; who has no work any more, or asks no more, delays nobody", async () => {
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = await createBusy(5);
  for (const id of [first, second]) {
    expect(await ask(id)).toBe("granted");
    await record(id);
  }
  expect([await ask(third), await ask(fourth), await ask(fifth)]).toEqual([0, 1, 2]);
  await sleep(first);
  expect([await ask(fifth), await ask(fourth), await ask(third)]).toEqual([2, 1, "granted"]);
  await record(third);
  await sql`update sessions set wake_at = null where id = ${fourth}`.execute(world.db);
  await sleep(second);
  expect(await ask(fifth)).toBe("granted");
  await record(fifth);
  await sql`update sessions set wake_at = now() where id = ${fourth}`.execute(world.db);
  expect([await ask(fourth), await ask(first)]).toEqual([0, 1]);
  await sql`update sandbox_places set seen_at = now() - interval '2 minutes' where session_id = ${fourth}`.execute(
    world.db,
  );
  await sleep(third);
  expect(await ask(first)).toBe("granted");
});

test("a turn whose tool needs one more waits, says so once, and runs it when the other one sleeps; a person is told what to do", async () => {
  const backend = createMemoryBackend();
  const model = createScriptedModel(({ messages }) =>
    messages.at(-1)?.role === "tool"
      ? { text: "Done." }
      : { toolCalls: [{ name: "bash", input: { command: "true" } }] },
  );
  const { worker } = await world.startWorker({ model, backend, teamSandboxes: 1, concurrency: 1 });
  const first = await world.createSession();
  await world.say(first, "Go");
  await world.settled(first, { reason: "end_turn" });
  const second = await world.createSession();
  await world.say(second, "Go");
  const waits = async () =>
    (await world.log(second)).filter(({ payload }) => (payload as { reason?: string }).reason === "sandbox_limit");
  await until(async () => (await waits()).length > 0 && !(await world.session(second)).leased);
  // It keeps no place of the worker.
  await until(() => worker.running === 0);
  const files = createSessionFiles({
    ...{
      db: world.db,
      clock: systemClock,
      onFilesWanted: () => undefined,
      ready: createReadyForPerson({
        db: world.db,
        clock: systemClock,
        onLogGrew: () => undefined,
        logger: createLogger("test", { level: "silent", pretty: false }),
      }),
    },
    sandboxes: { backend, spec: { limits: { memoryMb: 1, cpus: 1, pids: 1, diskMb: 1 }, env: {} }, teamLimit: 1 },
    getSession: async (_teamId, id) => ({ id, status: "idle", archived_at: null }) as Session,
  });
  const third = await world.createSession();
  const file = { path: "/workspace/a", content: new Uint8Array() };
  await expect(files.write(teamId, third, file)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("BERTH_TEAM_SANDBOXES"),
  });
  expect(backend.creations).toEqual([first]);
  // Ten seconds without use, as far as anybody can see; the sweep comes every ten.
  await sql`update sandboxes set last_used_at = now() - interval '20 seconds' where session_id = ${first}`.execute(
    world.db,
  );
  backend.setUsedAt(first, Date.now() - 20_000);
  await world.settled(second, { reason: "end_turn", timeoutMs: 30_000 });
  expect(await waits()).toHaveLength(1);
  expect(backend.started.filter(({ name }) => name === second)).toHaveLength(1);
  expect((await backend.list()).filter(({ state }) => state === "running").map(({ name }) => name)).toEqual([second]);
}, 60_000);
