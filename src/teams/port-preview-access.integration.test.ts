import type { KyselyPlugin } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import { systemClock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import { createPortPreviewAccess } from "./port-preview-access.ts";
import { hashToken, newToken } from "./tokens.ts";

let world: TurnWorld;
beforeAll(async () => {
  world = await createTurnWorld();
});
afterAll(() => world.dispose());

const PORT = 5173;

test("of hundreds of cookies the right one lets in, wherever it stands, and the database is asked once", async () => {
  let asked = 0;
  const counting: KyselyPlugin = {
    transformQuery({ node }) {
      asked += 1;
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  const db = world.db.withPlugin(counting);
  const access = createPortPreviewAccess({ db, clock: systemClock });
  const sessionId = await world.createSession();
  const apiKeyId = newId("apiKey");
  await db
    .insertInto("api_keys")
    .values({ id: apiKeyId, team_id: world.teamId, name: "test", key_hash: hashToken(newToken()) })
    .execute();
  const at = { sessionId, port: PORT };
  const { ticket } = await access.issue(db, { ...at, teamId: world.teamId, grantor: { apiKeyId, browserHash: null } });
  const visit = await access.exchange(ticket, at);
  if (visit === null) throw new Error("the ticket was not taken");
  const others = Array.from({ length: 300 }, newToken);

  asked = 0;
  expect(await access.admit(others, at)).toBeNull();
  expect(asked).toBe(1);
  expect(await access.admit([...others, visit, ...others], at)).toEqual({ visit, teamId: world.teamId });
  // Once to find it, once to prolong it.
  expect(asked).toBe(3);
  expect(await access.admit([...others, visit], at)).toEqual({ visit, teamId: world.teamId });
  expect(asked).toBe(3);
  expect(await access.admit([...others, visit], { ...at, port: PORT + 1 })).toBeNull();
  expect(await access.admit([], at)).toBeNull();
});
