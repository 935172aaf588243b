// The default team, its key and its environment: made once, whoever starts at the same time; a new operator's key replaces the old.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/postgres.ts";
import { OPERATOR_KEY } from "../contract/operator-key.ts";
import { type Database, openDatabase } from "../db/database.ts";
import { type Clock, systemClock } from "../lib/clock.ts";
import { createAccess } from "./access.ts";
import { createLoginToken, spendLoginToken, startBrowserSession } from "./login.ts";
import { ensureDefaultTeam } from "./teams.ts";

let fresh: FreshDatabase;
let db: Database;
beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase({ url: fresh.url, maxConnections: 12, applicationName: "test" });
});
afterAll(async () => {
  await db.destroy();
  await fresh.drop();
});

async function countOf(table: "teams" | "environments" | "api_keys"): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from ${sql.table(table)}`.execute(db);
  return rows[0]?.count ?? -1;
}

test("ten starts at once make one team, one key, one environment", async () => {
  const teams = await Promise.all(Array.from({ length: 10 }, () => ensureDefaultTeam(db, { apiKey: "first-key" })));
  expect(new Set(teams.map((team) => team.id)).size).toBe(1);
  expect([await countOf("teams"), await countOf("environments"), await countOf("api_keys")]).toEqual([1, 1, 1]);
});

test("a new operator key revokes the old one, and the old one can come back", async () => {
  const team = await ensureDefaultTeam(db, { apiKey: "first-key" });
  const teamOf = (key: string) =>
    createAccess({ db, clock: systemClock })
      .holderOfKey(key)
      .then((holder) => holder?.teamId ?? null);
  await ensureDefaultTeam(db, { apiKey: "second-key" });
  expect([await teamOf("first-key"), await teamOf("second-key")]).toEqual([null, team.id]);
  await ensureDefaultTeam(db, { apiKey: "first-key" });
  expect([await teamOf("first-key"), await teamOf("second-key")]).toEqual([team.id, null]);
});

test("no key, token or cookie lies in the database as it is", async () => {
  const team = await ensureDefaultTeam(db, { apiKey: "plain-operator-key" });
  const token = await createLoginToken({ db, teamId: team.id });
  const secret = await startBrowserSession({ db, teamId: team.id, apiKeyId: null });
  const { rows } = await sql<{ text: string }>`
    select concat((select string_agg(to_jsonb(k)::text, '') from api_keys k), (select string_agg(to_jsonb(t)::text, '') from login_tokens t),
      (select string_agg(to_jsonb(b)::text, '') from browser_sessions b)) as text`.execute(db);
  const text = rows[0]?.text ?? "";
  for (const plain of ["plain-operator-key", token, secret]) {
    expect(text).not.toContain(plain);
    expect(text).not.toContain(Buffer.from(plain).toString("hex"));
  }
});

test("a login token that is too old is refused", async () => {
  const team = await ensureDefaultTeam(db, { apiKey: "first-key" });
  const token = await createLoginToken({ db, teamId: team.id });
  await sql`update login_tokens set expires_at = now() - interval '1 second'`.execute(db);
  expect(await spendLoginToken({ db, token })).toBeNull();
});

test("a revoked key is refused after seconds at the latest, a logged-out browser at once", async () => {
  let now = 1_000;
  const clock: Clock = { ...systemClock, now: () => now };
  const team = await ensureDefaultTeam(db, { apiKey: "first-key" });
  const access = createAccess({ db, clock });
  expect((await access.holderOfKey("first-key"))?.teamId).toBe(team.id);
  await ensureDefaultTeam(db, { apiKey: "other-key" });
  now += 5_001;
  expect(await access.holderOfKey("first-key")).toBeNull();
  const secret = await access.logIn({ apiKey: "other-key" });
  if (secret === null) throw new Error("not logged in");
  expect(await access.checkBrowserSession(secret)).toMatchObject({ teamId: team.id });
  await access.logOut(secret);
  expect(await access.checkBrowserSession(secret)).toEqual({ refused: "unknown" });
});

test("a browser is logged in for as long as the key that it logged in with is good; one with a link is not touched", async () => {
  let now = 1_000;
  const clock: Clock = { ...systemClock, now: () => now };
  const team = await ensureDefaultTeam(db, { apiKey: "first-key" });
  const access = createAccess({ db, clock });
  const byKey = await access.logIn({ apiKey: "first-key" });
  const byLink = await access.logIn({ token: await createLoginToken({ db, teamId: team.id }) });
  if (byKey === null || byLink === null) throw new Error("not logged in");
  expect(await access.checkBrowserSession(byKey)).toMatchObject({
    teamId: team.id,
    loggedInBy: { type: "api_key", name: OPERATOR_KEY },
  });
  await ensureDefaultTeam(db, { apiKey: "other-key" });
  now += 5_001;
  expect(await access.checkBrowserSession(byKey)).toEqual({ refused: "key_revoked" });
  expect(await access.checkBrowserSession(byLink)).toEqual({ teamId: team.id, loggedInBy: { type: "link" } });
});
