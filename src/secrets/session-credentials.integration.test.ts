// The broker's view of a session's credentials, against a real Postgres: what is in effect, how soon a change holds, and what a writer of the database can't do.
import { type RawBuilder, sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/postgres.ts";
import {
  newSessionWith,
  newTeam,
  openSealer,
  openTestDatabase,
  randomKey,
  variableOf,
} from "../../test/support/sealed-world.ts";
import { type Database, inTransaction } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { PLACEHOLDER, sandboxVariables } from "./placeholders.ts";
import { MAX_AGE_MS, type SessionCredentials } from "./session-credentials.ts";

let database: FreshDatabase;
let db: Database;
let nowMs = Date.now();
const clock: Clock = { now: () => nowMs, sleep: async () => undefined };
const key = randomKey();
let sealer: Awaited<ReturnType<typeof openSealer>>;
let broker: SessionCredentials;
let teamId: string;
beforeAll(async () => {
  database = await freshDatabase();
  db = openTestDatabase(database.url);
});
afterAll(async () => {
  await db.destroy();
  await database.drop();
});
beforeEach(async () => {
  sealer = await openSealer(db, () => key, clock);
  broker = sealer.broker();
  teamId = await newTeam(db);
});

const VALUE = "ghp_canary_0123456789";
async function sessionWithToken() {
  const vault = await sealer.newVault(teamId);
  const credential = await sealer.put(teamId, vault.id, variableOf("TOKEN", VALUE));
  const sessionId = await newSessionWith(db, teamId, [vault.id]);
  return { vault, credential, sessionId, place: { teamId, vaultId: vault.id, credentialId: credential.id } };
}
const valuesOf = async (sessionId: string) =>
  (await broker.inEffect(sessionId)).map(({ secrets }) => secrets.secret_value?.reveal());

describe("a session's credentials", () => {
  test("are those of its vaults, opened, in the order of the vaults", async () => {
    const [a, b, other] = [await sealer.newVault(teamId), await sealer.newVault(teamId), await sealer.newVault(teamId)];
    await sealer.put(teamId, a.id, variableOf("ONE", "value-of-one"));
    await sealer.put(teamId, b.id, {
      type: "mcp_oauth",
      access_token: "access-0123",
      mcp_server_url: "https://mcp.example.com/",
      refresh: {
        client_id: "berth",
        refresh_token: "refresh-0123",
        token_endpoint: "https://login.example.com/",
        token_endpoint_auth: { type: "client_secret_post", client_secret: "client-0123" },
      },
    });
    await sealer.put(teamId, other.id, variableOf("OTHER", "not-of-this-session"));
    const sessionId = await newSessionWith(db, teamId, [b.id, a.id]);
    const found = await broker.inEffect(sessionId);
    expect(found.map(({ auth, version }) => [auth.type, version])).toEqual([
      ["mcp_oauth", 1],
      ["environment_variable", 1],
    ]);
    expect(found.map(({ name }) => name)).toEqual([expect.stringMatching(/^vcrd_/), "ONE"]);
    const revealed = found.map(({ secrets }) =>
      Object.fromEntries(Object.entries(secrets).map(([field, secret]) => [field, secret.reveal()])),
    );
    expect(revealed).toEqual([
      { access_token: "access-0123", client_secret: "client-0123", refresh_token: "refresh-0123" },
      { secret_value: "value-of-one" },
    ]);
    expect(JSON.stringify(found)).not.toContain("access-0123");
  });

  test("are none for a session without vaults, an archived or ended one, or none at all", async () => {
    const { sessionId } = await sessionWithToken();
    expect(await broker.inEffect(await newSessionWith(db, teamId, []))).toEqual([]);
    expect(await broker.inEffect("sesn_00000000000000000000000000")).toEqual([]);
    expect(await valuesOf(sessionId)).toEqual([VALUE]);
    await sql`update sessions set status = 'terminated' where id = ${sessionId}`.execute(db);
    nowMs += MAX_AGE_MS;
    expect(await broker.inEffect(sessionId)).toEqual([]);
    const archived = (await sessionWithToken()).sessionId;
    await sql`update sessions set archived_at = now() where id = ${archived}`.execute(db);
    expect(await broker.inEffect(archived)).toEqual([]);
  });

  test("C22: are read anew after they were changed here, also while somebody still reads those of before", async () => {
    const { sessionId, place } = await sessionWithToken();
    const before = broker.inEffect(sessionId);
    const update = { auth: { type: "environment_variable" as const, secret_value: "rotated-value-2" } };
    broker.forget(sessionId);
    const after = broker.inEffect(sessionId);
    // Each has read for itself, and the later one is what is known.
    expect(await after).not.toBe(await before);
    expect(await broker.inEffect(sessionId)).toBe(await after);
    await inTransaction(db, (tx) => sealer.credentials.update(tx, place, update));
    broker.forget(sessionId);
    expect(await valuesOf(sessionId)).toEqual(["rotated-value-2"]);
  });

  test("C22, C23: a rotated, archived or deleted one holds in a running session once its answer is 2 s old", async () => {
    type Changed = Awaited<ReturnType<typeof sessionWithToken>>;
    const { credentials, vaults } = sealer;
    const update = { auth: { type: "environment_variable" as const, secret_value: "rotated-value-1" } };
    const changes: [(of: Changed) => Promise<unknown>, (string | undefined)[]][] = [
      [({ place }) => inTransaction(db, (tx) => credentials.update(tx, place, update)), ["rotated-value-1"]],
      [({ place }) => inTransaction(db, (tx) => credentials.archive(tx, place)), []],
      [({ place }) => inTransaction(db, (tx) => credentials.delete(tx, place)), []],
      [({ vault }) => inTransaction(db, (tx) => vaults.archive(tx, teamId, vault.id)), []],
      [({ vault }) => inTransaction(db, (tx) => vaults.delete(tx, teamId, vault.id)), []],
    ];
    for (const [change, after] of changes) {
      const made = await sessionWithToken();
      expect(await valuesOf(made.sessionId)).toEqual([VALUE]);
      await change(made);
      nowMs += MAX_AGE_MS - 1;
      expect(await valuesOf(made.sessionId)).toEqual([VALUE]);
      nowMs += 1;
      expect(await valuesOf(made.sessionId)).toEqual(after);
    }
  });

  test("are refused, not remembered, while the database cannot be asked", async () => {
    const { sessionId } = await sessionWithToken();
    const away = openTestDatabase(database.url);
    const cut = (await openSealer(away, () => key, clock)).broker();
    expect(await cut.inEffect(sessionId)).toHaveLength(1);
    await away.destroy();
    nowMs += MAX_AGE_MS;
    await expect(cut.inEffect(sessionId)).rejects.toMatchObject({ code: "unavailable" });
  });

  test("many questions at once are one to the database", async () => {
    const { sessionId } = await sessionWithToken();
    const answers = await Promise.all(Array.from({ length: 50 }, () => broker.inEffect(sessionId)));
    expect(new Set(answers).size).toBe(1);
  });
});

describe("K6, T2: a writer of the database gets nothing opened", () => {
  type Ids = { mine: string; theirs: string; beside: string };
  const take = (mine: string, other: string) => sql`
    update credential_secrets m set sealed_value = t.sealed_value, sealed_key = t.sealed_key, team_key_id = t.team_key_id
    from credential_secrets t where m.credential_id = ${mine} and t.credential_id = ${other}`;
  const change = (what: RawBuilder<unknown>, id: string) =>
    sql`update credential_secrets set ${what} where credential_id = ${id}`;
  const tampered: [string, (ids: Ids) => RawBuilder<unknown>][] = [
    ["the value of another team, with its team key", ({ mine, theirs }) => take(mine, theirs)],
    ["the value of another credential of the same vault", ({ mine, beside }) => take(mine, beside)],
    ["an older version", ({ mine }) => change(sql`version = version + 1`, mine)],
    ["another field", ({ mine }) => change(sql`field = 'token'`, mine)],
    ["a planted plain text", ({ mine }) => change(sql`sealed_value = 'planted-value'::bytea`, mine)],
    [
      "a cut tag",
      ({ mine }) => change(sql`sealed_value = substring(sealed_value from 1 for length(sealed_value) - 4)`, mine),
    ],
  ];
  test.each(tampered)("%s", async (_what, tamper) => {
    const { sessionId, credential, vault } = await sessionWithToken();
    const beside = await sealer.put(teamId, vault.id, variableOf("WHOLE", "stays-as-it-is"));
    const stranger = await newTeam(db);
    const theirVault = await sealer.newVault(stranger);
    const foreign = await sealer.put(stranger, theirVault.id, variableOf("TOKEN", "theirs-value"));
    const done = await tamper({ mine: credential.id, theirs: foreign.id, beside: beside.id }).execute(db);
    expect(done.numAffectedRows).toBe(1n);
    // A process that has not opened it before. The one that is whole goes on.
    expect((await sealer.broker().inEffect(sessionId)).map(({ name }) => name)).toEqual(["WHOLE"]);
  });

  test("a vault of another team, written into a session, has no effect; nor can rows be moved to another team", async () => {
    const { vault, credential } = await sessionWithToken();
    const stranger = await newTeam(db);
    const sessionId = await newSessionWith(db, stranger, [vault.id]);
    expect(await broker.inEffect(sessionId)).toEqual([]);
    expect(await sandboxVariables(db, sessionId)).toEqual({});
    const move = (table: string) =>
      sql`update ${sql.table(table)} set team_id = ${stranger} where ${sql.ref(table === "credentials" ? "id" : "credential_id")} = ${credential.id}`.execute(
        db,
      );
    await expect(move("credentials")).rejects.toThrow(/foreign key/);
    await expect(move("credential_secrets")).rejects.toThrow(/foreign key/);
  });
});

describe("C4: placeholders", () => {
  test("are one for each session and variable, stay the same, and say nothing", async () => {
    const { sessionId, vault } = await sessionWithToken();
    nowMs += 1;
    await sealer.put(teamId, vault.id, {
      type: "static_bearer",
      token: "bearer-0123",
      mcp_server_url: "https://a.com/",
    });
    const asked = await Promise.all(Array.from({ length: 8 }, () => sandboxVariables(db, sessionId)));
    expect(new Set(asked.map((variables) => JSON.stringify(variables))).size).toBe(1);
    const [first] = asked;
    expect(Object.keys(first ?? {})).toEqual(["TOKEN"]);
    expect(first?.TOKEN).toMatch(new RegExp(`^${PLACEHOLDER.source}$`));
    const other = await sandboxVariables(db, await newSessionWith(db, teamId, [vault.id]));
    expect(other.TOKEN).not.toBe(first?.TOKEN);
    nowMs += MAX_AGE_MS;
    expect((await broker.inEffect(sessionId)).map(({ placeholder }) => placeholder)).toEqual([first?.TOKEN, null]);
  });

  test("of two vaults with one name the first one's is given", async () => {
    const [a, b] = [await sealer.newVault(teamId), await sealer.newVault(teamId)];
    const sessionId = await newSessionWith(db, teamId, [b.id, a.id]);
    await sealer.put(teamId, a.id, variableOf("TOKEN", "value-of-a"));
    await sealer.put(teamId, b.id, variableOf("TOKEN", "value-of-b"));
    const { TOKEN } = await sandboxVariables(db, sessionId);
    const given = (await broker.inEffect(sessionId)).filter(({ placeholder }) => placeholder === TOKEN);
    expect(given.map(({ secrets }) => secrets.secret_value?.reveal())).toEqual(["value-of-b"]);
  });
});
