// Vaults without HTTP: a database, keys, and what is needed to put credentials in and to read them as the broker does.
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import type { CredentialAuthInput } from "../../src/contract/credentials.ts";
import { type Database, inTransaction, openDatabase } from "../../src/db/database.ts";
import { type Clock, systemClock } from "../../src/lib/clock.ts";
import { newId } from "../../src/lib/ids.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { createCredentials } from "../../src/secrets/credentials.ts";
import { type KeyRing, openKeyRing } from "../../src/secrets/key-ring.ts";
import { createSessionCredentials } from "../../src/secrets/session-credentials.ts";
import { createTeamKeys } from "../../src/secrets/team-keys.ts";
import { createVaults } from "../../src/secrets/vaults.ts";

export const randomKey = () => randomBytes(32).toString("base64");

const logger = createLogger("egress", { level: "silent", pretty: false });

/** As a web process has it: its own memory of keys. `keys` is asked again at each reload. */
export async function openSealer(db: Database, keys: () => string | Promise<string>, clock: Clock = systemClock) {
  const ring: KeyRing = await openKeyRing({ source: { describe: "the test", read: async () => keys() }, clock });
  const teamKeys = createTeamKeys({ ring });
  const onChanged = () => undefined;
  const vaults = createVaults({ db, clock, onChanged });
  const credentials = createCredentials({ db, clock, teamKeys, onChanged });
  return {
    ring,
    vaults,
    credentials,
    /** As a broker has it. */
    broker: () =>
      createSessionCredentials({
        db,
        teamKeys: createTeamKeys({ ring }),
        clock,
        logger,
      }),
    newVault: (teamId: string) => inTransaction(db, (tx) => vaults.create(tx, teamId, { display_name: "V" })),
    put: (teamId: string, vaultId: string, auth: CredentialAuthInput) =>
      inTransaction(db, (tx) => credentials.create(tx, teamId, { vaultId, input: { auth } })),
  };
}

export function variableOf(secret_name: string, secret_value: string): CredentialAuthInput {
  return { type: "environment_variable", secret_name, secret_value, networking: { type: "unrestricted" } };
}

export async function newTeam(db: Database): Promise<string> {
  const id = newId("team");
  await sql`insert into teams (id, name) values (${id}, ${id})`.execute(db);
  return id;
}

/** A session that has these vaults, without the agent that it would need to do anything. */
export async function newSessionWith(db: Database, teamId: string, vaultIds: readonly string[]): Promise<string> {
  const [agentId, environmentId, id] = [newId("agent"), newId("environment"), newId("session")];
  const now = new Date();
  await sql`insert into agents (id, team_id, version, created_at, updated_at) values (${agentId}, ${teamId}, 1, ${now}, ${now})`.execute(
    db,
  );
  await sql`insert into agent_versions (agent_id, version, team_id, definition, created_at)
    values (${agentId}, 1, ${teamId}, '{}'::jsonb, ${now})`.execute(db);
  await sql`insert into environments (id, team_id, name, config, metadata, created_at, updated_at)
    values (${environmentId}, ${teamId}, ${environmentId}, '{}'::jsonb, '{}'::jsonb, ${now}, ${now})`.execute(db);
  await sql`insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id, metadata, vault_ids, created_at, updated_at)
    values (${id}, ${teamId}, ${agentId}, 1, '{}'::jsonb, ${environmentId}, '{}'::jsonb, ${JSON.stringify(vaultIds)}::jsonb, ${now}, ${now})`.execute(
    db,
  );
  return id;
}

export function openTestDatabase(url: string): Database {
  return openDatabase({ url, maxConnections: 4, applicationName: "test" });
}
