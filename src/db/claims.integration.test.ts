// Places are given fairly between teams: who holds fewest is next, whatever others have waiting; and looking costs little however much waits.
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { freshDatabase } from "../../test/support/postgres.ts";
import { claimStatement, createClaims } from "./claims.ts";
import { type Database, openDatabase } from "./database.ts";
import type { Claim } from "./leases.ts";
import { claimSuspect } from "./suspects.ts";

let db: Database;
let dispose: () => Promise<void>;
beforeAll(async () => {
  const fresh = await freshDatabase();
  db = openDatabase({ url: fresh.url, maxConnections: 8, applicationName: "test" });
  dispose = async () => {
    await db.destroy();
    await fresh.drop();
  };
});
afterAll(() => dispose());
beforeEach(() => sql`delete from sessions`.execute(db));

/** Sessions of a team, as many as `waitsS` has entries: for how many seconds each has waited; below zero: only from then on. */
async function addSessions(team: string, waitsS: readonly number[]): Promise<void> {
  await sql`insert into teams (id, name) values (${team}, ${team}) on conflict do nothing`.execute(db);
  await sql`insert into environments (id, team_id, name, config) values (${`env_${team}`}, ${team}, 'test', '{}') on conflict do nothing`.execute(
    db,
  );
  await sql`insert into agents (id, team_id, version) values (${`agent_${team}`}, ${team}, 1) on conflict do nothing`.execute(
    db,
  );
  await sql`insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id, wake_at)
    select ${team} || '/' || nth, ${team}, ${`agent_${team}`}, 1, '{}', ${`env_${team}`}, now() - waits * interval '1 second'
    from unnest(${[...waitsS]}::float8[]) with ordinality as w (waits, nth)`.execute(db);
}

function createWorker(workerId = "wrk_test", teamLimit: number | null = null) {
  const claims = createClaims({ db, workerId, teamLimit });
  return {
    async take(places: number): Promise<string[]> {
      const taken: Claim[] = [];
      await claims.take({ room: () => places - taken.length, hold: (claim) => taken.push(claim) });
      return taken.map(({ sessionId }) => sessionId);
    },
  };
}
const teamOf = (sessionId: string) => sessionId.split("/")[0] ?? "";
const countByTeam = (ids: readonly string[]) => {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(teamOf(id), (counts.get(teamOf(id)) ?? 0) + 1);
  return Object.fromEntries(counts);
};
const seconds = (count: number, from = 1) => Array.from({ length: count }, (_, index) => from + index);

test("a team with a thousand that wait delays another team's one by no place at all", async () => {
  await addSessions("big", seconds(1_000, 100));
  const worker = createWorker();
  await worker.take(10);
  await addSessions("small", [0]);
  expect(await worker.take(1)).toEqual(["small/1"]);
});

test("places are shared, those that are held already count, and what one team leaves goes to the others; the longest waiting first", async () => {
  await addSessions("a", seconds(100));
  const worker = createWorker();
  expect(await worker.take(4)).toEqual(expect.arrayContaining(["a/100", "a/99", "a/98", "a/97"]));
  await addSessions("b", seconds(2));
  await addSessions("c", seconds(100));
  // Of a its 4 that are held count.
  expect(countByTeam(await worker.take(8))).toEqual({ b: 2, c: 5, a: 1 });
  expect(countByTeam(await worker.take(1_000))).toEqual({ a: 95, c: 95 });
  expect(await worker.take(10)).toEqual([]);
});

test("with more teams than one look sees, each has its turn, and those whose work is for later hide nobody", async () => {
  const name = (index: number) => `team${String(index).padStart(3, "0")}`;
  for (let index = 0; index < 150; index++) await addSessions(name(index), index < 140 ? [-3_600] : [1, 2]);
  const worker = createWorker();
  const first = await worker.take(10);
  expect(Object.values(countByTeam(first))).toEqual(Array(10).fill(1));
  expect(await worker.take(100)).toHaveLength(10);
  expect(await worker.take(100)).toEqual([]);
});

test("a lease that ran out is taken over before anything else, and one that failed twice is left to those who hold it alone", async () => {
  await addSessions("a", [5, 4, 3]);
  await sql`update sessions set lease_owner = 'wrk_dead', lease_until = now() - interval '1 second', lease_epoch = 1 where id in ('a/3', 'a/2')`.execute(
    db,
  );
  await sql`update sessions set failed_claims = 1 where id = 'a/2'`.execute(db);
  const worker = createWorker();
  expect(await worker.take(1)).toEqual(["a/3"]);
  expect(await worker.take(9)).toEqual(["a/1"]);
});

test("no team gets more places than it may, however many workers claim at once; others get theirs", async () => {
  await addSessions("a", seconds(30));
  await addSessions("b", seconds(2));
  await sql`update sessions set failed_claims = 2 where id in ('a/1', 'a/2')`.execute(db);
  const claims = [1, 2, 3, 4].map((index) => createWorker(`wrk_${index}`, 5).take(8));
  const suspects = [1, 2].map((index) => claimSuspect(db, { workerId: `wrk_alone${index}`, teamLimit: 5 }));
  const taken = [
    ...(await Promise.all(claims)).flat(),
    ...(await Promise.all(suspects)).flatMap((one) => one?.sessionId ?? []),
  ];
  expect(countByTeam(taken)).toEqual({ a: 5, b: 2 });
  expect(await claimSuspect(db, { workerId: "wrk_alone", teamLimit: 5 })).toBeNull();
  const [one] = taken.filter((id) => teamOf(id) === "a");
  await sql`update sessions set wake_at = null, lease_owner = null where id = ${one}`.execute(db);
  expect(await createWorker("wrk_5", 5).take(8)).toHaveLength(1);
});

test("a session that somebody locks for long is waited for by nobody, and keeps nobody busy", async () => {
  await addSessions("a", [1]);
  const locked = Promise.withResolvers<void>();
  const free = Promise.withResolvers<void>();
  const holding = db.transaction().execute(async (tx) => {
    await sql`select 1 from sessions for update`.execute(tx);
    locked.resolve();
    await free.promise;
  });
  await locked.promise;
  expect(await createWorker().take(1)).toEqual([]);
  free.resolve();
  await holding;
  expect(await createWorker().take(1)).toEqual(["a/1"]);
});

test("among twenty thousand sessions, a look reads those that wait and no others", async () => {
  const idle = Array.from({ length: 20_000 }, () => 0);
  await addSessions("big", idle);
  await sql`update sessions set wake_at = null`.execute(db);
  for (const team of ["big", "small"]) {
    await sql`insert into teams (id, name) values (${team}, ${team}) on conflict do nothing`.execute(db);
    await sql`update sessions set wake_at = now() where id in (select id from sessions where team_id = ${team} limit 500)`.execute(
      db,
    );
  }
  await sql`vacuum analyze sessions`.execute(db);
  const explained = await sql<{ "QUERY PLAN": string }>`explain (analyze, buffers, costs off, timing off)
    ${claimStatement({ workerId: "wrk_test", limit: 5, lookFrom: "", teamLimit: null })}`.execute(db);
  const plan = explained.rows.map((row) => row["QUERY PLAN"]).join("\n");
  expect(plan).not.toContain("Seq Scan");
  expect(plan).toContain("sessions_to_claim_of_team");
  // Pages that were looked at: in all, some of them in the index. The table has a thousand.
  const pages = [...plan.matchAll(/Buffers: shared hit=(\d+)(?: read=(\d+))?/g)].map(
    ([, hit, read]) => Number(hit) + Number(read ?? 0),
  );
  expect(Math.max(...pages)).toBeLessThan(500);
});

test("for any teams and any number of workers: each is taken once, none is left, and at no moment has a team two places more than one that waits", async () => {
  const teams = fc.uniqueArray(
    fc.record({ id: fc.integer({ min: 0, max: 9 }), sessions: fc.integer({ min: 1, max: 12 }) }),
    {
      selector: ({ id }) => id,
      minLength: 1,
      maxLength: 6,
    },
  );
  const places = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(teams, places, async (wanted, rooms) => {
      await sql`delete from sessions`.execute(db);
      for (const { id, sessions } of wanted) await addSessions(`t${id}`, seconds(sessions));
      const left = new Map(wanted.map(({ id, sessions }) => [`t${id}`, sessions]));
      const held = new Map([...left.keys()].map((team) => [team, 0]));
      const workers = rooms.map((room, index) => ({ room, worker: createWorker(`wrk_${index}`) }));
      const seen = new Set<string>();
      for (;;) {
        let taken = 0;
        for (const { room, worker } of workers) {
          for (const id of await worker.take(room)) {
            taken++;
            expect(seen).not.toContain(id);
            seen.add(id);
            const team = teamOf(id);
            left.set(team, (left.get(team) ?? 0) - 1);
            held.set(team, (held.get(team) ?? 0) + 1);
          }
          const waiting = [...left].flatMap(([team, count]) => (count > 0 ? [held.get(team) ?? 0] : []));
          if (waiting.length > 0) expect(Math.max(...held.values()) - Math.min(...waiting)).toBeLessThanOrEqual(1);
        }
        if (taken === 0) break;
      }
      expect([...left.values()].every((count) => count === 0)).toBe(true);
      // All at once, too.
      await sql`update sessions set lease_owner = null, lease_until = null`.execute(db);
      const rounds = await Promise.all([8, 8, 8].map((room, index) => createWorker(`wrk_${index}`).take(room)));
      const ids = rounds.flat();
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toHaveLength(Math.min(24, seen.size));
    }),
    { numRuns: 12 },
  );
});
