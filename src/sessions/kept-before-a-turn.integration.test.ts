// What is kept before a turn's first call is not all there will be: the sandbox counts as changed, and is kept again soon after the turn.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel } from "../../test/support/scripted-model.ts";
import { createTurnWorld, gate, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import { listDirtySandboxes } from "../db/sandboxes.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

test("files that a call is about to change are not taken for kept", async () => {
  const running = gate();
  let calls = 0;
  const backend = createMemoryBackend({
    execute: async (_operation, { name }) => {
      calls += 1;
      backend.treeOf(name).write("workspace/count", Buffer.from(`${calls}`));
      if (calls === 2) await running.opened;
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
  await world.say(sessionId, "two");
  await until(() => calls === 2);
  const row = await sql<{ dirty: boolean; kept: number }>`
    select dirty_since is not null as dirty, (select count(*)::int from snapshots where session_id = ${sessionId}) as kept
    from sandboxes where session_id = ${sessionId}`.execute(world.db);
  expect(row.rows).toEqual([{ dirty: true, kept: 1 }]);
  running.open();
  await world.settled(sessionId);
  const dirty = () =>
    listDirtySandboxes(world.db, {
      ...{ backend: backend.id, quietMs: 0, spacingMs: 60_000, limit: 5 },
      except: { names: [], teamIds: [] },
    });
  expect((await dirty()).map((one) => one.sessionId)).toEqual([sessionId]);
  await worker.stop();
});
