// The first agent: one a team, whoever starts at the same time, and never again.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FreshDatabase, freshDatabase } from "../../test/support/postgres.ts";
import { type Database, inTransaction, openDatabase } from "../db/database.ts";
import { systemClock } from "../lib/clock.ts";
import { ensureDefaultTeam } from "../teams/teams.ts";
import { createAgents } from "./agents.ts";
import { ensureFirstAgent } from "./first-agent.ts";

let fresh: FreshDatabase;
let db: Database;
let teamId: string;
beforeAll(async () => {
  fresh = await freshDatabase();
  db = openDatabase({ url: fresh.url, maxConnections: 12, applicationName: "test" });
  teamId = (await ensureDefaultTeam(db, { apiKey: "key" })).id;
});
afterAll(async () => {
  await db.destroy();
  await fresh.drop();
});

const ensure = (model: string | null) =>
  ensureFirstAgent(db, { teamId, findModel: async () => model, now: systemClock.now });

test("without a model there is no agent yet; ten starts at once then make one; archived, it stays away", async () => {
  const agents = createAgents({ db, clock: systemClock, onChanged: () => undefined });
  expect(await ensure(null)).toBe(false);
  expect((await agents.list(teamId, {})).data).toEqual([]);

  expect(await Promise.all(Array.from({ length: 10 }, () => ensure("alpha")))).toEqual(Array(10).fill(true));
  const { data } = await agents.list(teamId, {});
  expect(data).toMatchObject([{ name: "Hello agent", model: { id: "alpha" }, version: 1 }]);

  await inTransaction(db, (tx) => agents.archive(tx, teamId, data[0]?.id ?? ""));
  expect(await ensure("beta")).toBe(true);
  expect((await agents.list(teamId, {})).data).toEqual([]);
});
