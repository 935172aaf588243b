// Whatever comes in whatever order - messages, interrupts, answers, dying workers, cut connections - every log stays sound and every turn ends.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel } from "../../test/support/scripted-model.ts";
import { pickFrom, seeded } from "../../test/support/seeded.ts";
import {
  ALLOW_ALL,
  ASK_ALL,
  createTurnWorld,
  expectSoundStoredLog,
  type TestWorker,
  type TurnWorld,
} from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";

const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);
const ACTIONS = 150;

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

test(`random faults (FAULT_SEED=${SEED})`, async () => {
  const random = seeded(SEED);
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const backend = createMemoryBackend({
    execute: async (_operation, { signal }) => {
      await Promise.race([pause(random() * 30), new Promise((resolve) => signal.addEventListener("abort", resolve))]);
      return { outcome: "ok", content: "done" };
    },
  });
  const call = { name: "bash", input: { command: "x" } };
  const model = createScriptedModel(async () => {
    await pause(random() * 20);
    const draw = random();
    if (draw < 0.4) return { text: "That is all." };
    return {
      first: "Let me ",
      text: "see.",
      toolCalls: draw < 0.7 ? [call] : [call, call, { name: "nope", input: {} }],
    };
  });
  let workers: TestWorker[] = [];
  const startWorker = async () => workers.push(await world.startWorker({ model, backend, concurrency: 4 }));
  await startWorker();
  await startWorker();
  const sessions = await Promise.all(
    Array.from({ length: 6 }, (_, index) => world.createSession({ tools: index % 2 ? ASK_ALL : ALLOW_ALL })),
  );
  const pick = <T>(list: readonly T[]): T => pickFrom(random, list);

  async function answerQuestions(sessionId: string): Promise<void> {
    const { stopReason } = await world.session(sessionId);
    for (const id of stopReason?.type === "requires_action" ? (stopReason.event_ids ?? []) : []) {
      const answered = (await world.log(sessionId)).some((event) => event.payload.tool_use_id === id);
      const result = random() < 0.7 ? "allow" : "deny";
      if (!answered && random() < 0.8)
        await world.send(sessionId, { type: "user.tool_confirmation", tool_use_id: id, result });
    }
  }

  const said: { sessionId: string; id: string }[] = [];
  const withdrawn = new Set<string>();
  const dead: TestWorker[] = [];
  for (let action = 0; action < ACTIONS; action++) {
    const sessionId = pick(sessions);
    const draw = random();
    if (draw < 0.4) said.push({ sessionId, id: await world.say(sessionId, `message ${action}`) });
    else if (draw < 0.45 && said.length > 0) {
      const one = pick(said.slice(-3));
      const done = await world.withdraw(one.sessionId, one.id).then(
        () => true,
        () => false,
      );
      if (done) withdrawn.add(one.id);
    } else if (draw < 0.5) await world.send(sessionId, { type: "user.interrupt" });
    else if (draw < 0.8) await answerQuestions(sessionId);
    else if (draw < 0.85) {
      const victim = pick(workers);
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where application_name in (${`pool-${victim.id}`}, ${`notify-${victim.id}`}, 'berth-worker') and datname = current_database()`.execute(
        world.db,
      );
    } else if (draw < 0.88) {
      // Its lock looks free from now on, and it does not know.
      const victim = pick(workers);
      workers = workers.filter((worker) => worker !== victim);
      dead.push(victim);
      await sql`update workers set lock_key = -1 where id = ${victim.id}`.execute(world.db);
      await startWorker();
    } else if (draw < 0.91) {
      const leaving = pick(workers);
      workers = workers.filter((worker) => worker !== leaving);
      await leaving.stop();
      await startWorker();
    } else if (draw < 0.93) backend.crash(sessionId);
    await pause(random() * 25);
  }

  await until(
    async () => {
      let open = 0;
      for (const sessionId of sessions) {
        await answerQuestions(sessionId);
        const now = await world.session(sessionId);
        const rests = now.status === "idle" && !now.leased && now.wakeAt === null;
        if (!rests || now.stopReason?.type === "requires_action") open++;
      }
      return open === 0;
    },
    { timeoutMs: 30_000, intervalMs: 50, describe: () => "some turns do not end" },
  );
  for (const sessionId of sessions) {
    const log = await world.log(sessionId);
    expectSoundStoredLog(log);
    expect(log.filter((event) => event.type === "session.error")).toEqual([]);
    const waiting = log.filter((event) => event.type.startsWith("user.") && !event.echo && event.processedAt === null);
    expect(waiting, "everything accepted was processed").toEqual([]);
    const messages = log.filter((event) => event.type === "user.message");
    const accepted = messages.filter((event) => !event.echo && !withdrawn.has(event.id)).map((event) => event.id);
    const heard = messages.filter((event) => event.echo && !event.payload.withdrawn).map((event) => event.id);
    expect(heard, "in the order of arrival").toEqual(accepted);
  }
  expect(await countedUsage(), "usage is counted exactly once").toEqual(await usageOfLogs());
  const operations = backend.started.map((one) => one.id);
  expect(new Set(operations).size, "no tool ran twice").toBe(operations.length);
  expect(operations.length).toBeGreaterThan(5);
  for (const worker of dead) await worker.stop();
}, 90_000);

type Sums = { requests: number; calls: number; input: number; output: number; cost: string };

async function countedUsage(): Promise<Sums | undefined> {
  const { rows } = await sql<Sums>`
    select sum(model_requests)::int as requests, sum(tool_calls)::int as calls, sum(input_tokens)::int as input,
      sum(output_tokens)::int as output, trim_scale(sum(cost_usd))::text as cost from usage_daily`.execute(world.db);
  return rows[0];
}

/** What the sessions' own totals and logs say. */
async function usageOfLogs(): Promise<Sums | undefined> {
  const { rows } = await sql<Sums>`
    select (select count(*)::int from events where type = 'span.model_request_end' and private ? 'cost_usd') as requests,
      (select count(*)::int from events where type in ('agent.tool_use', 'agent.custom_tool_use')) as calls,
      sum(input_tokens)::int as input, sum(output_tokens)::int as output, trim_scale(sum(cost_usd))::text as cost
    from sessions`.execute(world.db);
  return rows[0];
}
