// The packages of a session's environment are installed before its first tool runs, and what becomes of that is told.
import { sql } from "kysely";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMemoryBackend, type MemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn, type Script } from "../../test/support/scripted-model.ts";
import { ALLOW_ALL, createTurnWorld, gate, type TestWorker, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { PackageLists } from "../contract/environments.ts";
import type { Session } from "../contract/sessions.ts";
import type { StoredEvent } from "../db/events.ts";
import { systemClock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { createLogger } from "../lib/logger.ts";
import { createReadyForPerson } from "./ready-for-person.ts";
import { createSessionFiles } from "./session-files.ts";

let world: TurnWorld;
let worker: TestWorker | null = null;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterEach(async () => {
  await worker?.stop();
  worker = null;
});
afterAll(() => world.dispose());

async function list(packages: Partial<PackageLists>): Promise<void> {
  const config = JSON.stringify({ packages: { type: "packages", ...packages } });
  await sql`update environments set config = ${config}::jsonb where id = ${world.environmentId}`.execute(world.db);
}

async function run(backend: MemoryBackend, script: Script): Promise<string> {
  worker ??= await world.startWorker({ model: createScriptedModel(script), backend });
  const sessionId = await world.createSession({ tools: ALLOW_ALL });
  await world.say(sessionId, "Go");
  return sessionId;
}

const bash = { name: "bash", input: { command: "ls" } };
const ofType = (log: readonly StoredEvent[], type: string) => log.filter((event) => event.type === type);
const told = (log: readonly StoredEvent[]) => ofType(log, "session.packages").map(({ payload }) => payload);

test("are told while they are installed, before the tool runs, and once for all sessions", async () => {
  await list({ pip: ["rich==13.9.4"], npm: ["left-pad"], gem: [] });
  const backend = createMemoryBackend();
  const installing = gate();
  const sets: unknown[] = [];
  backend.installs = async (set) => {
    sets.push(set);
    await installing.opened;
  };
  const script = inTurn({ toolCalls: [bash] }, { text: "Done." }, { toolCalls: [bash] }, { text: "Done." });
  const sessionId = await run(backend, script);
  await until(async () => told(await world.log(sessionId)).length === 2);
  expect(backend.started).toEqual([]);
  installing.open();
  const log = await world.settled(sessionId, { reason: "end_turn" });
  expect(told(log)).toEqual([
    { status: "installing", manager: "npm", packages: ["left-pad"] },
    { status: "installing", manager: "pip", packages: ["rich==13.9.4"] },
    { status: "ready", duration_ms: expect.any(Number) },
  ]);
  expect(sets).toMatchObject([{ teamId: world.teamId, lists: { pip: ["rich==13.9.4"], npm: ["left-pad"] } }]);
  expect(backend.started).toHaveLength(1);

  const second = await run(backend, script);
  expect(told(await world.settled(second, { reason: "end_turn" }))).toEqual([]);
  expect(sets).toHaveLength(1);
});

test("that can't be installed end the turn with words, and the next message tries again", async () => {
  await list({ pip: ["not-there"] });
  const backend = createMemoryBackend();
  const words = "The packages could not be installed: pip (not-there) ended with exit code 1.\nERROR: no such package";
  backend.installs = async () => {
    throw new PlatformError("packages_failed", words);
  };
  const script = inTurn({ toolCalls: [bash, bash] }, { toolCalls: [bash] }, { text: "Done." });
  const sessionId = await run(backend, script);
  const log = await world.settled(sessionId, { reason: "retries_exhausted" });
  expect(ofType(log, "session.error").map(({ payload }) => payload.error)).toEqual([
    {
      ...{ type: "unknown_error", message: words, retry_status: { type: "exhausted" } },
      environment_id: world.environmentId,
    },
  ]);
  const results = ofType(log, "agent.tool_result").map(({ payload }) => payload);
  expect(results).toHaveLength(2);
  for (const result of results)
    expect(result).toMatchObject({ is_error: true, content: [{ type: "text", text: words }] });
  expect(backend.started).toEqual([]);

  backend.installs = async () => undefined;
  await world.say(sessionId, "Again");
  const after = await world.settled(sessionId, { reason: "end_turn" });
  expect(told(after).at(-1)).toMatchObject({ status: "ready" });
  expect(backend.started).toHaveLength(1);
});

test("an environment without packages asks for none", async () => {
  await list({ pip: [] });
  const backend = createMemoryBackend();
  const sessionId = await run(backend, inTurn({ toolCalls: [bash] }, { text: "Done." }));
  expect(told(await world.settled(sessionId, { reason: "end_turn" }))).toEqual([]);
  expect(backend.installed.size).toBe(0);
});

test("are there before a terminal that is opened before the first turn; what is wrong with them is said to who opens it", async () => {
  await list({ pip: ["rich"] });
  const backend = createMemoryBackend();
  const { db } = world;
  const logger = createLogger("test", { level: "silent", pretty: false });
  const files = createSessionFiles({
    ...{ db, clock: systemClock, onFilesWanted: () => undefined },
    sandboxes: { backend, spec: { limits: { memoryMb: 64, cpus: 1, pids: 32, diskMb: 64 }, env: {} } },
    ready: createReadyForPerson({ db, clock: systemClock, onLogGrew: () => undefined, logger }),
    getSession: async (_team, id) => ({ id, status: "idle", archived_at: null }) as Session,
  });
  const terminal = { id: "main", columns: 80, rows: 24, offset: 0 };
  const sessionId = await world.createSession({ tools: ALLOW_ALL });
  const open = () => files.openTerminal(world.teamId, sessionId, terminal);
  backend.installs = async () => {
    throw new PlatformError("packages_failed", "pip (rich) ended with exit code 1");
  };
  await expect(open()).rejects.toThrow("pip (rich) ended with exit code 1");
  expect((await backend.list()).map(({ name }) => name)).toEqual([]);
  backend.installs = async () => undefined;
  // The memory backend has no terminals; its sandbox was made by then.
  await open().catch((error: Error) => error);
  expect(told(await world.log(sessionId)).map(({ status }) => status)).toContain("ready");
  expect((await backend.list()).map(({ name }) => name)).toEqual([sessionId]);
});
