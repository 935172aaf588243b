// Turns, people, sweeps, deaths, losses and a deletion at the same time, with a real database: at rest, rows and sandboxes agree, and every loss was told.
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createMemoryBackend, type MemoryBackend } from "../../test/support/memory-backend.ts";
import { createMemoryOwnerFile, createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import type { Session } from "../contract/sessions.ts";
import { inTransaction } from "../db/database.ts";
import { claimIdleSession, giveBack } from "../db/leases.ts";
import { recordSandbox } from "../db/sandboxes.ts";
import { deleteSession, findSession } from "../db/sessions.ts";
import { systemClock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { createLogger } from "../lib/logger.ts";
import { createSandboxSweeper } from "../worker/sweep-sandboxes.ts";
import { createReadyForPerson } from "./ready-for-person.ts";
import { lifeState } from "./sandbox-states.ts";
import { createSessionFiles } from "./session-files.ts";
import { createSessionSandbox } from "./session-sandbox.ts";
import { createSessionSnapshots } from "./session-snapshots.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
  // Every change of a disk that is written down, whoever does it.
  await sql`create table seen_changes (session_id text, identity text)`.execute(world.db);
  await sql`create function note_change() returns trigger language plpgsql as $$
    begin insert into seen_changes values (new.session_id, new.identity); return new; end $$`.execute(world.db);
  await sql`create trigger seen after update of identity on sandboxes for each row
    when (old.identity <> new.identity) execute function note_change()`.execute(world.db);
});
afterAll(() => world.dispose());

const logger = createLogger("test", { level: "silent", pretty: false });
const spec = { limits: { memoryMb: 1, cpus: 1, pids: 1, diskMb: 1 }, env: {} };

async function setUp() {
  const { db, blobs } = world;
  const sessionId = await world.createSession();
  const backend = createMemoryBackend();
  const snapshots = createSessionSnapshots({ db, blobs, diskMb: 64, clock: systemClock, logger });
  const found = await sql<{ team_id: string }>`select team_id from sessions where id = ${sessionId}`.execute(db);
  const teamId = found.rows[0]?.team_id ?? "";
  const files = createSessionFiles({
    db,
    clock: systemClock,
    onFilesWanted: () => undefined,
    ready: createReadyForPerson({ db: db, clock: systemClock, onLogGrew: () => undefined, logger }),
    sandboxes: { backend, spec },
    getSession: async () => ({ id: sessionId, status: "idle", archived_at: null }) as Session,
  });
  const sweeper = createSandboxSweeper({
    ...{ db, backend, snapshots, logger, clock: systemClock },
    ownerFile: createMemoryOwnerFile(),
    workerId: newId("worker"),
    idleMs: 0,
  });
  let notices = 0;

  async function turn(): Promise<void> {
    const claim = await claimIdleSession(db, { workerId: newId("worker"), sessionId });
    if (!claim) return;
    const leaving = new AbortController();
    const sandbox = createSessionSandbox({
      ...{ db, backend, spec, sessionId, snapshots, logger, clock: systemClock },
      ...{ teamId: () => teamId, fence: claim.fence, onLogGrew: () => undefined, signal: leaving.signal },
    });
    const call = { id: newId("event"), operation: { kind: "bash", command: "true" } as const, maybeStarted: false };
    try {
      await sandbox.run({ ...call, signal: leaving.signal });
    } catch (error) {
      // Of the second the model is told.
      if (!hasCode(error, "lease_lost") && !hasCode(error, "sandbox_gone")) throw error;
    }
    if (sandbox.takeNotice() !== null) notices++;
    await giveBack(db, claim);
  }

  const actions = {
    turn,
    list: async () => {
      await files.list(teamId, sessionId).catch(unlessGone);
    },
    /** The backend has no files; the sandbox is made for them all the same. */
    upload: async () => {
      await files.write(teamId, sessionId, { path: "/workspace/a", content: new Uint8Array() }).catch(unlessGone);
    },
    end: async () => {
      await files.endSandbox(teamId, sessionId).catch(unlessGone);
    },
    sweep: () => sweeper.sweep(),
    die: async () => backend.crash(sessionId),
    lose: async () => backend.lose(sessionId),
    /** As the API does, and also in the middle of a turn. */
    delete: () =>
      inTransaction(db, async (tx) => {
        if (await findSession(tx, { teamId, sessionId, forUpdate: true }))
          await deleteSession(tx, { teamId, sessionId });
      }),
  };
  return { sessionId, teamId, backend, files, sweeper, actions, notices: () => notices };
}

/** What people are told instead. */
function unlessGone(error: unknown): void {
  if (!["sandbox_gone", "not_found", "not_supported"].some((code) => hasCode(error, code as "not_found"))) throw error;
}

async function factsOf(sessionId: string, backend: MemoryBackend) {
  const row = await sql<{ there: boolean; identity: string | null; state: "running" | "hibernated" | null }>`
    select exists (select 1 from sessions where id = ${sessionId}) as there, max(identity) as identity, max(state) as state
    from sandboxes where session_id = ${sessionId}`.execute(world.db);
  const { there, identity, state } = row.rows[0] ?? { there: false, identity: null, state: null };
  const info = (await backend.list()).find(({ name }) => name === sessionId);
  return {
    session: there,
    row: identity !== null && state !== null ? { identity, state } : null,
    found: info ? { identity: info.identity, state: info.state } : null,
  };
}

type Name = keyof Awaited<ReturnType<typeof setUp>>["actions"];
const LASTING: Name[] = ["turn", "list", "upload", "end", "sweep", "die", "lose"];
const action = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...LASTING) },
  { weight: 1, arbitrary: fc.constant<Name>("delete") },
);

test("whatever happens at the same time: at rest the row says what is there, a loss was told once, and nothing of a deleted session is left", async () => {
  const rounds = fc.array(fc.array(action, { minLength: 1, maxLength: 4, size: "max" }), {
    minLength: 1,
    maxLength: 7,
    size: "max",
  });
  await fc.assert(
    fc.asyncProperty(rounds, async (courses) => {
      const { sessionId, backend, sweeper, actions, notices } = await setUp();
      for (const course of courses) await Promise.all(course.map((name) => actions[name]()));
      // A row is believed for a minute after its use.
      await sql`update sandboxes set last_used_at = now() - interval '2 minutes' where session_id = ${sessionId}`.execute(
        world.db,
      );
      await sweeper.sweep();
      const facts = await factsOf(sessionId, backend);
      const state = lifeState(facts);
      if (state === "deleted") expect(facts).toEqual({ session: false, row: null, found: null });
      // One that sleeps is not looked for: the next turn finds out.
      else if (state === "lost" && facts.row?.state === "hibernated") expect(facts.found?.state).not.toBe("running");
      else if (state === "lost") expect(sweeper.dataHealth()?.missing).toBe(1);
      else expect(facts.row?.state).toBe(facts.found?.state);
      const changes = await sql`select 1 from seen_changes where session_id = ${sessionId}`.execute(world.db);
      expect(notices()).toBe(changes.rows.length);
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("who makes a sandbox for a file does not write it down over a disk that a turn wrote down meanwhile, and that was lost since", async () => {
  const { sessionId, teamId, backend, files } = await setUp();
  const { create } = backend;
  backend.create = async (...call) => {
    const row = { sessionId, teamId, name: sessionId, backend: backend.id, startMs: 1 };
    await recordSandbox(world.db, { ...row, identity: "the turn's" });
    return create(...call);
  };
  await expect(
    files.write(teamId, sessionId, { path: "/workspace/a", content: new Uint8Array() }),
  ).rejects.toMatchObject({ code: "sandbox_gone" });
  expect((await factsOf(sessionId, backend)).row?.identity).toBe("the turn's");
});
