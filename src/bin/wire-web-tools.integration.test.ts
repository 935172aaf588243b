// The web tools as a worker has them: the rules of the session's environment, and audit lines that the API lists.
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { configWith } from "../contract/environments.ts";
import { listEgressRequests } from "../db/egress-requests.ts";
import { createLogger } from "../lib/logger.ts";
import { parseConfig } from "./config.ts";
import { openSessionAudit } from "./session-audit.ts";
import { wireWebTools } from "./wire-web-tools.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

test("a fetch is decided by the environment as it is now, and leaves a line; what nobody does by accident is told in the session", async () => {
  const logger = createLogger("test", { level: "silent", pretty: false });
  const grown: string[] = [];
  const audit = openSessionAudit({
    ...{ db: world.db, logger },
    notifier: { logGrew: (wakeup) => void grown.push(wakeup.sessionId) },
  });
  const tools = wireWebTools({ config: parseConfig({}), db: world.db, audit, logger });
  const sessionId = await world.createSession();
  const { team_id: teamId } = await world.db
    .selectFrom("sessions")
    .select("team_id")
    .where("id", "=", sessionId)
    .executeTakeFirstOrThrow();
  const fetchOnce = (caller = { teamId, sessionId }, url = "https://10.0.0.1.nowhere.invalid/a?b") =>
    tools.run(
      {
        kind: "fetch",
        url,
        domains: { allowed: null, blocked: null },
        maxContentTokens: null,
      },
      caller,
      new AbortController().signal,
    );
  expect(tools.canSearch).toBe(false);
  expect((await fetchOnce()).content).toContain("no_session");
  const limited = JSON.stringify(configWith("limited"));
  await sql`update environments set config = ${limited}::jsonb`.execute(world.db);
  expect((await fetchOnce()).content).toContain("host_not_allowed");
  await sql`update environments set config = ${JSON.stringify(configWith("unrestricted"))}::jsonb`.execute(world.db);
  expect((await fetchOnce()).content).toContain("unresolved");
  expect((await fetchOnce({ teamId: "team_of_others", sessionId })).content).toContain("no_session");
  expect((await fetchOnce(undefined, "https://169.254.169.254/latest")).content).toContain("address_for_host");
  await audit.close();
  const page = { limit: 10, order: "asc" as const };
  const rows = await listEgressRequests(world.db, {
    teamId,
    sessionId,
    environmentId: null,
    decision: null,
    host: null,
    source: "web",
    suspicious: null,
    page,
  });
  expect(rows.map(({ rule, decision, path, detail }) => [rule, decision, path, detail?.slice(0, 9)])).toEqual([
    ["no_session", "deny", "/a", "web_fetch"],
    ["host_not_allowed", "deny", "/a", "web_fetch"],
    ["unresolved", "error", "/a", "web_fetch"],
    ["address_for_host", "deny", "/latest", "web_fetch"],
  ]);
  const told = (await world.log(sessionId)).filter(({ type }) => type === "session.egress_refused");
  expect(told.map(({ payload }) => [payload.host, payload.rule])).toEqual([["169.254.169.254", "address_for_host"]]);
  expect(grown).toEqual([sessionId]);
});
