// Teams: the default one with its key and its environment, made at the first start.
import { type CloudConfig, DEFAULT_CONFIG } from "../contract/environments.ts";
import { OPERATOR_KEY } from "../contract/operator-key.ts";
import { type Database, inTransaction } from "../db/database.ts";
import { ensureDefaultEnvironment } from "../db/environments.ts";
import { ensureTeam, findTeam, lockTeam, setNamedKey, type Team } from "../db/teams.ts";
import { newId } from "../lib/ids.ts";
import { hashToken } from "./tokens.ts";

const DEFAULT_TEAM = "default";

/**
 * The team `default` with `apiKey` as its operator key and with a default environment, which is `environment` when it is made now. Another operator key it had is
 * revoked. Safe to repeat, and when several processes do it at once.
 */
export async function ensureDefaultTeam(
  db: Database,
  { apiKey, environment = DEFAULT_CONFIG }: { apiKey: string; environment?: CloudConfig },
): Promise<Team> {
  return inTransaction(db, async (tx) => {
    const team = await ensureTeam(tx, { id: newId("team"), name: DEFAULT_TEAM });
    await lockTeam(tx, team.id);
    await setNamedKey(tx, { id: newId("apiKey"), teamId: team.id, name: OPERATOR_KEY, keyHash: hashToken(apiKey) });
    await ensureDefaultEnvironment(tx, {
      id: newId("environment"),
      teamId: team.id,
      name: "default",
      description: "For sessions that name no environment.",
      config: environment,
      metadata: {},
      now: new Date(),
    });
    return team;
  });
}

export async function getTeam(db: Database, teamId: string): Promise<Team> {
  const team = await findTeam(db, teamId);
  if (!team) throw new Error(`there is no team ${teamId}`);
  return team;
}
