// "All that changed since" misses nothing, however transactions overlap: each reader ends with the state of the database.
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { databaseOfItsOwn, type FreshDatabase } from "../../test/support/postgres.ts";
import { newId } from "../lib/ids.ts";
import { type Place, readChanges, readPlace } from "./changes.ts";
import { type Database, openDatabase } from "./database.ts";

const TEAM = "team_changes";
let fresh: FreshDatabase;
let db: Database;
beforeAll(async () => {
  // Transactions of other databases beside it count as under way too: what was read then comes once more.
  fresh = await databaseOfItsOwn();
  db = openDatabase({ url: fresh.url, maxConnections: 4, applicationName: "test" });
  await query("insert into teams (id, name) values ($1, 'changes')", [TEAM]);
  await query("insert into agents (id, team_id, version) values ('agent_x', $1, 1)", [TEAM]);
  await query("insert into environments (id, team_id, name, config) values ('env_x', $1, 'x', '{}')", [TEAM]);
});
afterAll(async () => {
  await db.destroy();
  await fresh.drop();
});

async function query(text: string, values: unknown[]): Promise<void> {
  await using client = await connect();
  await client.query(text, values);
}

async function connect(): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client({ connectionString: fresh.url });
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

const INSERT = `insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id, title)
  values ($1, '${TEAM}', 'agent_x', 1, '{}', 'env_x', $2)`;
const RENAME = "update sessions set title = $2 where id = $1";

async function newSession(title = "new"): Promise<string> {
  const id = newId("session");
  await query(INSERT, [id, title]);
  return id;
}

/** A reader that remembers titles; a deleted session has none. */
function createReader(place: Place) {
  const titles = new Map<string, string | null>();
  const reader = {
    titles,
    place,
    async read() {
      const { next, changes } = await readChanges(db, { teamIds: [TEAM], from: reader.place, limit: 10_000 });
      for (const change of changes) {
        if (change.kind !== "session") continue;
        if (change.row) titles.set(change.id, change.row.title);
        else titles.delete(change.id);
      }
      reader.place = next;
      return changes.map(({ id }) => id);
    },
  };
  return reader;
}

test("a transaction that began earlier and commits later is not skipped", async () => {
  const [slow, quick] = [await newSession(), await newSession()];
  const reader = createReader((await readPlace(db)).place);
  await using client = await connect();
  await client.query("begin");
  await client.query(RENAME, [slow, "slow"]);
  await query(RENAME, [quick, "quick"]);
  await reader.read();
  expect([reader.titles.get(quick), reader.titles.get(slow)]).toEqual(["quick", undefined]);
  await client.query("commit");
  await reader.read();
  expect(reader.titles.get(slow)).toBe("slow");
  // Nothing is under way any more: what was read does not come again.
  expect(await reader.read()).toEqual([]);
});

test("creation, every visible change, archive and deletion show; a log that only grows does not", async () => {
  const reader = createReader((await readPlace(db)).place);
  const id = await newSession();
  expect(await reader.read()).toEqual([id]);
  const changes = [
    "title = 'x'",
    "status = 'running'",
    `stop_reason = '{"type":"end_turn"}'`,
    "input_tokens = input_tokens + 1",
    "cost_usd = cost_usd + 1",
    "wake_at = now()",
    "metadata = '{}'",
    "archived_at = now()",
  ];
  for (const change of changes) {
    await query(`update sessions set ${change} where id = $1`, [id]);
    expect(await reader.read(), change).toEqual([id]);
  }
  await query("update sessions set last_seq = last_seq + 1, updated_at = now() where id = $1", [id]);
  expect(await reader.read()).toEqual([]);
  await query("delete from sessions where id = $1", [id]);
  expect(await reader.read()).toEqual([id]);
  expect(reader.titles.has(id)).toBe(false);
});

test("another team's sessions are not read", async () => {
  const { place } = await readPlace(db);
  await newSession();
  expect((await readChanges(db, { teamIds: ["team_other"], from: place, limit: 10 })).changes).toEqual([]);
});

test("with random overlapping transactions and random reads every reader ends where the database does", async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const random = createRandom(seed);
  const { place } = await readPlace(db);
  const ids = await Promise.all(Array.from({ length: 12 }, () => newSession()));
  const readers = Array.from({ length: 5 }, () => createReader(place));
  let writing = true;
  const writer = async () => {
    await using client = await connect();
    for (let round = 0; round < 40; round++) {
      await client.query("begin");
      // A transaction takes its number with its first write; that may be long before the row that matters.
      await client.query("insert into deleted_sessions (session_id, team_id) values ($1, 'team_noise')", [
        newId("event"),
      ]);
      const mine = ids.filter(() => random() < 0.2).sort();
      for (const id of mine) {
        await client.query(RENAME, [id, `${seed}-${random()}`]);
        await client.query("select pg_sleep($1)", [random() * 0.01]);
      }
      // A third of them stays, whatever chance wants.
      const deletable = mine.find((id) => ids.indexOf(id) % 3 > 0);
      if (random() < 0.1 && deletable) await client.query("delete from sessions where id = $1", [deletable]);
      await client.query(random() < 0.1 ? "rollback" : "commit");
    }
  };
  const reading = readers.map(async (reader) => {
    while (writing) {
      await reader.read();
      await new Promise((resolve) => setTimeout(resolve, random() * 30));
    }
  });
  await Promise.all(Array.from({ length: 6 }, writer));
  writing = false;
  await Promise.all(reading);
  const rows = await db.selectFrom("sessions").select(["id", "title"]).where("id", "in", ids).execute();
  const truth = new Map(rows.map((row) => [row.id, row.title]));
  expect(truth.size, `seed ${seed}`).toBeGreaterThan(0);
  for (const reader of readers) {
    await reader.read();
    expect(new Map([...reader.titles].sort()), `seed ${seed}`).toEqual(new Map([...truth].sort()));
  }
});

/** Reproducible disorder: mulberry32. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
