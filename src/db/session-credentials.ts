// What a session may use now: the credentials of its vaults, sealed, and the placeholders that stand for them in its sandbox.
import { sql } from "kysely";
import type { SealedField, StoredAuth } from "./credentials.ts";
import type { Database } from "./database.ts";
import type { TeamKeyRow } from "./secret-keys.ts";

/** One sealed part of a credential that is in effect, with the team key that opens it. */
export type EffectiveFieldRow = {
  credentialId: string;
  vaultId: string;
  teamId: string;
  displayName: string | null;
  auth: StoredAuth;
  version: number;
  placeholder: string | null;
  /** Of the vault among the session's. */
  position: number;
  field: SealedField;
  teamKey: TeamKeyRow;
};

/** Its vaults' and its resources': nothing of a session that is archived, ended or gone, nor of what is archived, and nothing of another team, whatever `vault_ids` says. */
const effective = sql`sessions s
  cross join lateral (
    select c.*, given.position::int as position
    from jsonb_array_elements_text(s.vault_ids) with ordinality as given (vault_id, position)
    join vaults v on v.id = given.vault_id and v.team_id = s.team_id and v.archived_at is null
    join credentials c on c.vault_id = v.id and c.team_id = v.team_id and c.archived_at is null
    union all
    select c.*, 0 as position from session_resources r
    join credentials c on c.id = r.credential_id and c.team_id = s.team_id and c.archived_at is null
    where r.session_id = s.id and r.team_id = s.team_id
  ) c`;
const alive = sql`s.archived_at is null and s.status <> 'terminated'`;

/** Which credentials, in which versions: the same text is the same state. Cheap; asked often. */
export async function readEffectiveStamp(db: Database, sessionId: string): Promise<string> {
  const result = await sql<{ stamp: string }>`
    select coalesce(string_agg(c.id || '.' || c.version || '.' || coalesce(p.placeholder, ''), ' ' order by c.position, c.created_at, c.id), '') as stamp
    from ${effective} left join placeholders p on p.session_id = s.id and p.credential_id = c.id
    where s.id = ${sessionId} and ${alive}`.execute(db);
  return result.rows[0]?.stamp ?? "";
}

/** In the order of the session's vaults, then of their making. */
export async function listEffectiveFields(db: Database, sessionId: string): Promise<EffectiveFieldRow[]> {
  const result = await sql<Flat>`
    select c.id as "credentialId", c.vault_id as "vaultId", c.team_id as "teamId", c.display_name as "displayName", c.auth, c.version,
      p.placeholder, c.position, f.field, f.version as "fieldVersion", f.sealed_key as "sealedKey",
      f.sealed_value as "sealedValue", k.id as "teamKeyId", k.kek_id as "kekId", k.sealed_key as "sealedTeamKey"
    from ${effective}
    join credential_secrets f on f.credential_id = c.id and f.team_id = c.team_id
    join team_keys k on k.id = f.team_key_id and k.team_id = c.team_id
    left join placeholders p on p.session_id = s.id and p.credential_id = c.id
    where s.id = ${sessionId} and ${alive}
    order by c.position, c.created_at, c.id, f.field`.execute(db);
  return result.rows.map(toRow);
}

/** Of one credential, whatever session has it; none when it is archived. */
export async function listFieldsOf(
  db: Database,
  place: { teamId: string; vaultId: string; credentialId: string },
): Promise<EffectiveFieldRow[]> {
  const result = await sql<Flat>`
    select c.id as "credentialId", c.vault_id as "vaultId", c.team_id as "teamId", c.display_name as "displayName", c.auth, c.version,
      null as placeholder, 0 as position, f.field, f.version as "fieldVersion", f.sealed_key as "sealedKey",
      f.sealed_value as "sealedValue", k.id as "teamKeyId", k.kek_id as "kekId", k.sealed_key as "sealedTeamKey"
    from credentials c
    join credential_secrets f on f.credential_id = c.id and f.team_id = c.team_id
    join team_keys k on k.id = f.team_key_id and k.team_id = c.team_id
    where c.id = ${place.credentialId} and c.vault_id = ${place.vaultId} and c.team_id = ${place.teamId} and c.archived_at is null
    order by f.field`.execute(db);
  return result.rows.map(toRow);
}

type Flat = Omit<EffectiveFieldRow, "field" | "teamKey"> & {
  field: string;
  fieldVersion: number;
  sealedKey: Buffer;
  sealedValue: Buffer;
  teamKeyId: string;
  kekId: string;
  sealedTeamKey: Buffer;
};

function toRow(flat: Flat): EffectiveFieldRow {
  const { field, fieldVersion, sealedKey, sealedValue, teamKeyId, kekId, sealedTeamKey, ...row } = flat;
  return {
    ...row,
    field: { field, version: fieldVersion, teamKeyId, sealedKey, sealedValue },
    teamKey: { id: teamKeyId, teamId: row.teamId, kekId, sealedKey: sealedTeamKey },
  };
}

export type EffectiveVariable = { credentialId: string; name: string; placeholder: string | null };

/** Variables only, without anything sealed: what a sandbox is given. The first vault decides where two have one name. */
export async function listEffectiveVariables(db: Database, sessionId: string): Promise<EffectiveVariable[]> {
  const result = await sql<EffectiveVariable>`
    select distinct on (c.auth->>'secret_name') c.id as "credentialId", c.auth->>'secret_name' as name, p.placeholder
    from ${effective} left join placeholders p on p.session_id = s.id and p.credential_id = c.id
    where s.id = ${sessionId} and ${alive} and c.auth->>'type' = 'environment_variable'
    order by c.auth->>'secret_name', c.position, c.created_at, c.id`.execute(db);
  return result.rows;
}

/** Keeps the one that is there. */
export async function putPlaceholder(
  db: Database,
  input: { sessionId: string; credentialId: string; placeholder: string },
): Promise<void> {
  await sql`insert into placeholders (session_id, credential_id, placeholder)
    values (${input.sessionId}, ${input.credentialId}, ${input.placeholder})
    on conflict (session_id, credential_id) do nothing`.execute(db);
}
