// An operator reads what happened to a session: who held it, its sandbox, its states, in order and page by page.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, gate, type TurnWorld } from "../../test/support/turn-world.ts";
import { until } from "../../test/support/until.ts";
import type { TimelineEntry } from "../contract/timeline.ts";
import { markHibernated } from "../db/sandboxes.ts";
import { createReadTimeline, type ReadTimeline } from "./timeline.ts";

let world: TurnWorld;
let readTimeline: ReadTimeline;
beforeAll(async () => {
  world = await createTurnWorld();
  readTimeline = createReadTimeline({ db: world.db });
});
afterAll(() => world.dispose());

const bash = (command: string) => ({ name: "bash", input: { command } });
const teamOf = async (sessionId: string) =>
  (await sql<{ team_id: string }>`select team_id from sessions where id = ${sessionId}`.execute(world.db)).rows[0]
    ?.team_id ?? "";
/** As `kind`, or `kind how`. */
const words = ({ kind, detail }: TimelineEntry) => (typeof detail.how === "string" ? `${kind} ${detail.how}` : kind);

test("holds, starts of the sandbox, hibernation and states are told in order, with durations", async () => {
  const backend = createMemoryBackend();
  const model = createScriptedModel(
    inTurn({ toolCalls: [bash("true")] }, { text: "once" }, { toolCalls: [bash("true")] }, { text: "twice" }),
  );
  const worker = await world.startWorker({ model, backend });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await world.settled(sessionId);
  await markHibernated(world.db, { sessionId });
  await world.say(sessionId, "Again");
  await world.settled(sessionId);
  await worker.stop();

  const teamId = await teamOf(sessionId);
  const { data, next_page } = await readTimeline(teamId, sessionId, { order: "asc" });
  expect(next_page).toBeNull();
  expect(data.map(words)).toEqual([
    ...["hold rested", "session.status_running", "sandbox_started made", "session.status_idle"],
    "sandbox_hibernated",
    ...["hold rested", "session.status_running", "sandbox_started woken", "session.status_idle"],
  ]);
  const [first, second] = data.filter(({ kind }) => kind === "hold");
  expect(first).toMatchObject({ worker_id: worker.id, epoch: 1, event_id: null });
  expect(first?.duration_ms).toBeGreaterThan(0);
  expect(second?.epoch).toBe(2);
  expect(data.find(({ kind }) => kind === "session.status_idle")?.event_id).toMatch(/^sevt_/);

  // Page by page, both ways, nothing twice and nothing left out.
  for (const order of ["asc", "desc"] as const) {
    const pages: TimelineEntry[] = [];
    let page: string | null = null;
    do {
      const read: Awaited<ReturnType<ReadTimeline>> = await readTimeline(teamId, sessionId, {
        order,
        limit: 2,
        ...(page ? { page } : {}),
      });
      pages.push(...read.data);
      page = read.next_page;
    } while (page);
    expect(order === "asc" ? pages : pages.reverse()).toEqual(data);
  }
});

test("a worker that dies is told as such, and so is one that stops", async () => {
  const running = gate();
  const backend = createMemoryBackend({
    execute: async () => {
      await running.opened;
      return { outcome: "ok", content: "done" };
    },
  });
  const model = createScriptedModel(inTurn({ toolCalls: [bash("make")] }, { text: "made" }));
  // Only counts as dead: with one place it can't claim again what it loses before it notices.
  const dead = await world.startWorker({ model, backend, concurrency: 1 });
  const sessionId = await world.createSession();
  await world.say(sessionId, "Go");
  await until(() => backend.started.length === 1);
  const second = await world.startWorker({ model, backend });
  await sql`update workers set lock_key = -1 where id = ${dead.id}`.execute(world.db);
  await until(() => second.worker.running === 1);
  // What the second one hands over it would take.
  await dead.stop();
  const third = await world.startWorker({ model, backend });
  await second.stop();
  await until(() => third.worker.running === 1);
  running.open();
  await world.settled(sessionId);
  await third.stop();

  const { data } = await readTimeline(await teamOf(sessionId), sessionId, { order: "asc" });
  const holds = data.filter(({ kind }) => kind === "hold");
  expect(holds.map((hold) => [words(hold), hold.worker_id])).toEqual([
    ["hold worker_died", dead.id],
    ["hold handed_over", second.id],
    ["hold rested", third.id],
  ]);
});

test("unknown and foreign sessions, and cursors of another list, are refused", async () => {
  const sessionId = await world.createSession();
  const teamId = await teamOf(sessionId);
  await expect(readTimeline("team_other", sessionId, {})).rejects.toMatchObject({ code: "not_found" });
  await expect(readTimeline(teamId, "sesn_0", {})).rejects.toMatchObject({ code: "not_found" });
  await expect(readTimeline(teamId, sessionId, { page: "asc_5" })).rejects.toMatchObject({ code: "invalid_request" });
  const cursor = `asc_1_t${"0".repeat(19)}`;
  await expect(readTimeline(teamId, sessionId, { page: cursor })).rejects.toThrow(/order=asc/);
});
