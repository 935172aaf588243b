// A workspace that is larger than what is kept does not hold up its session: a rewind leaves it as it is and says so, and the next tool can make room.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { inTransaction } from "../db/database.ts";
import { findOpenRestore } from "../db/restores.ts";
import { createNotifier, type Notifier } from "../db/wakeups.ts";
import { systemClock } from "../lib/clock.ts";
import { createLogger } from "../lib/logger.ts";
import { createForkSession } from "./fork-session.ts";
import { createRewindSession } from "./rewind-session.ts";

let world: TurnWorld;
let notifier: Notifier;
beforeAll(async () => {
  world = await createTurnWorld();
  const logger = createLogger("test", { level: "silent", pretty: false });
  notifier = createNotifier({ url: world.url, applicationName: "test", logger });
});
afterAll(async () => {
  await notifier.close();
  await world.dispose();
});

test("a rewind says why the files stay, a fork gets what was kept last, and both go on", async () => {
  let calls = 0;
  const backend = createMemoryBackend({
    execute: async (_operation, { name }) => {
      calls += 1;
      const tree = backend.treeOf(name);
      tree.write(`workspace/${calls}`, Buffer.from("x"));
      // More than twice the disk of 64 MB: no snapshot holds that.
      if (calls === 2) tree.write("workspace/large", Buffer.alloc(130 * 1024 * 1024, 1));
      return { outcome: "ok", content: "" };
    },
  });
  let asked = 0;
  const model = createScriptedModel(async () =>
    asked++ % 2 === 0 ? { toolCalls: [{ name: "bash", input: { command: "x" } }] } : { text: "Done." },
  );
  const worker = await world.startWorker({ model, backend });
  const sessionId = await world.createSession();
  await world.say(sessionId, "one");
  await world.settled(sessionId);
  const second = await world.say(sessionId, "two");
  await world.settled(sessionId);
  const uses = {
    clock: systemClock,
    onLogGrew: () => undefined,
    onFilesWanted: (id: string) => notifier.wantFiles(id),
  };
  const found = await sql<{ team_id: string }>`select team_id from sessions where id = ${sessionId}`.execute(world.db);
  const teamId = found.rows[0]?.team_id ?? "";
  const copy = await inTransaction(world.db, (tx) => createForkSession(uses)(tx, teamId, { sessionId }));
  const isBack = (id: string) => until(async () => (await findOpenRestore(world.db, { sessionId: id })) === null);
  await isBack(copy.id);
  expect(Object.keys(backend.treeOf(copy.id).texts())).toEqual(["1"]);
  const rewind = createRewindSession(uses);
  await until(async () => {
    try {
      await inTransaction(world.db, (tx) => rewind(tx, teamId, { sessionId, eventId: second }));
      return true;
    } catch {
      // A worker is at its upkeep.
      return false;
    }
  });
  await isBack(sessionId);
  const restored = (await world.log(sessionId)).filter(({ type }) => type === "session.restored");
  expect(restored).toMatchObject([{ payload: { reason: "rewind", snapshot_id: null, exact: false } }]);
  expect(restored[0]?.payload.left_because).toMatch(/large|more than/);
  expect(backend.treeOf(sessionId).texts()).toHaveProperty("2");
  await world.say(sessionId, "three");
  const log = await world.settled(sessionId);
  const results = log.filter(({ type }) => type === "agent.tool_result");
  expect(JSON.stringify(results.at(-1)?.payload.content)).toContain("are as they were last");
  expect(results.at(-1)?.payload.is_error).toBe(false);
  await worker.stop();
});
