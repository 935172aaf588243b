// Use cases of credentials: put in, change, list, archive, delete. Values are sealed on their way in, and never opened here.
import {
  type CreateCredentialInput,
  type Credential,
  type CredentialAuth,
  MAX_CREDENTIALS_OF_VAULT,
  type UpdateCredentialInput,
} from "../contract/credentials.ts";
import { patchMetadata } from "../contract/fields.ts";
import { MAX_METADATA_KEYS } from "../contract/metadata-limits.ts";
import type { Page } from "../contract/page.ts";
import type { ListVaultsQuery } from "../contract/vaults.ts";
import {
  archiveCredential,
  type CredentialRow,
  deleteCredential,
  deleteSealedField,
  findCredential,
  insertCredential,
  listActiveCredentials,
  listCredentials,
  putSealedField,
  updateCredential,
} from "../db/credentials.ts";
import { afterCommit, type Database, type DatabaseTransaction } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { isId, newId } from "../lib/ids.ts";
import { readPage } from "../lib/page-cursor.ts";
import { checkAuthUpdate, checkNewAuth, type SecretFields } from "./credential-kinds.ts";
import { describeTie, findTie, nameOfCredential } from "./credential-ties.ts";
import { sealField } from "./sealed-fields.ts";
import type { TeamKeys } from "./team-keys.ts";
import { getOpenVault, getVault } from "./vaults.ts";

const DEFAULT_PAGE = 20;
const noScope = { allowed_methods: null, allowed_path_prefixes: null };

export type Credentials = ReturnType<typeof createCredentials>;
type Place = { teamId: string; vaultId: string; credentialId: string };
export type CredentialsOptions = { db: Database; clock: Clock; teamKeys: TeamKeys; onChanged: () => void };

/** Changes take the caller's transaction; reads use the pool. `onChanged` is called once a change is committed. */
export function createCredentials({ db, clock, teamKeys, onChanged }: CredentialsOptions) {
  async function putSecrets(
    tx: DatabaseTransaction,
    { place, version, secrets }: { place: Place; version: number; secrets: SecretFields },
  ): Promise<void> {
    const entries = Object.entries(secrets);
    if (entries.length === 0) return;
    const teamKey = await teamKeys.forSealing(tx, place.teamId);
    for (const [field, secret] of entries) {
      if (secret === null) await deleteSealedField(tx, { ...place, field });
      else await putSealedField(tx, { ...place, ...sealField(teamKey, { ...place, field, version }, secret) });
    }
  }

  return {
    async create(
      tx: DatabaseTransaction,
      teamId: string,
      { vaultId, input }: { vaultId: string; input: CreateCredentialInput },
    ): Promise<Credential> {
      await getOpenVault(tx, { teamId, vaultId });
      const { auth, secrets } = checkNewAuth(input.auth, clock.now());
      const place = { teamId, vaultId, credentialId: newId("credential", clock.now()) };
      const displayName = input.display_name || null;
      const others = await listActiveCredentials(tx, { teamId, vaultIds: [vaultId] });
      if (others.length >= MAX_CREDENTIALS_OF_VAULT)
        throw new PlatformError(
          "invalid_request",
          `Vault ${vaultId} holds ${MAX_CREDENTIALS_OF_VAULT} credentials, which is the most. Archive one, or use another vault.`,
        );
      refuseTie([...others, { id: place.credentialId, displayName, auth }]);
      const metadata = { ...input.metadata };
      await insertCredential(tx, { ...place, displayName, auth, metadata, now: new Date(clock.now()) });
      await putSecrets(tx, { place, version: 1, secrets });
      afterCommit(tx, onChanged);
      return toCredential(await getCredential(tx, place));
    },

    async get(place: Place): Promise<Credential> {
      return toCredential(await getCredential(db, place));
    },

    /** A new value takes the old one's place; running sessions get it within seconds. */
    async update(tx: DatabaseTransaction, place: Place, input: UpdateCredentialInput): Promise<Credential> {
      const { teamId, vaultId } = place;
      await getOpenVault(tx, place);
      const before = await getCredential(tx, { ...place, forUpdate: true });
      if (before.archivedAt)
        throw new PlatformError("invalid_request", `Credential ${before.id} is archived and cannot be changed.`);
      const { auth, secrets } = input.auth
        ? checkAuthUpdate(before.auth, input.auth, clock.now())
        : { auth: before.auth, secrets: {} };
      const metadata = patchMetadata(before.metadata, input.metadata);
      if (Object.keys(metadata).length > MAX_METADATA_KEYS)
        throw new PlatformError("invalid_request", `metadata: at most ${MAX_METADATA_KEYS} keys`);
      const displayName = input.display_name === undefined ? before.displayName : input.display_name || null;
      const others = await listActiveCredentials(tx, { teamId, vaultIds: [vaultId] });
      refuseTie([...others.filter((row) => row.id !== before.id), { id: before.id, displayName, auth }]);
      const version = before.version + (input.auth ? 1 : 0);
      await updateCredential(tx, { ...place, displayName, auth, metadata, version, now: new Date(clock.now()) });
      await putSecrets(tx, { place, version, secrets });
      afterCommit(tx, onChanged);
      return toCredential(await getCredential(tx, place));
    },

    /** Its value is gone for good; running sessions lose it within seconds. */
    async archive(tx: DatabaseTransaction, place: Place): Promise<Credential> {
      await getVault(tx, { ...place, forUpdate: true });
      const before = await getCredential(tx, { ...place, forUpdate: true });
      if (!before.archivedAt) await archiveCredential(tx, { ...place, now: new Date(clock.now()) });
      afterCommit(tx, onChanged);
      return toCredential(await getCredential(tx, place));
    },

    async delete(tx: DatabaseTransaction, place: Place): Promise<{ id: string; type: "vault_credential_deleted" }> {
      await getVault(tx, { ...place, forUpdate: true });
      await getCredential(tx, { ...place, forUpdate: true });
      await deleteCredential(tx, place);
      afterCommit(tx, onChanged);
      return { id: place.credentialId, type: "vault_credential_deleted" };
    },

    async list(
      teamId: string,
      { vaultId, query }: { vaultId: string; query: ListVaultsQuery },
    ): Promise<Page<Credential>> {
      await getVault(db, { teamId, vaultId });
      const page = await readPage({
        kind: "credential",
        order: "desc",
        limit: query.limit ?? DEFAULT_PAGE,
        cursor: query.page,
        positionOf: (row: CredentialRow) => row,
        read: (request) =>
          listCredentials(db, {
            teamId,
            vaultId,
            includeArchived: query.include_archived ?? false,
            page: request,
          }),
      });
      return { data: page.rows.map(toCredential), next_page: page.nextPage };
    },

    /** Throws `not_found`, and `invalid_request` for one that cannot be tried. */
    async checkCanBeTried(place: Place): Promise<void> {
      const { auth, archivedAt } = await getCredential(db, place);
      if (archivedAt)
        throw new PlatformError("invalid_request", `Credential ${place.credentialId} is archived: its value is gone.`);
      if (auth.type !== "mcp_oauth")
        throw new PlatformError(
          "invalid_request",
          `Credential ${place.credentialId} is of type ${auth.type}; only mcp_oauth can be validated.`,
        );
    },
  };
}

async function getCredential(db: Database, input: Place & { forUpdate?: boolean }): Promise<CredentialRow> {
  const row = isId("credential", input.credentialId) ? await findCredential(db, input) : null;
  if (!row) throw new PlatformError("not_found", `There is no credential ${input.credentialId} in this vault.`);
  return row;
}

function refuseTie(rows: readonly Pick<CredentialRow, "id" | "displayName" | "auth">[]): void {
  const tie = findTie(rows.map((row) => ({ id: row.id, name: nameOfCredential(row), auth: row.auth })));
  if (tie) throw new PlatformError("conflict", describeTie(tie));
}

/** Those that were put in before there were scopes have none stored. */
function withScope(auth: CredentialAuth): CredentialAuth {
  return "networking" in auth ? { ...noScope, ...auth } : auth;
}

function toCredential(row: CredentialRow): Credential {
  return {
    type: "vault_credential",
    id: row.id,
    vault_id: row.vaultId,
    display_name: row.displayName,
    auth: withScope(row.auth),
    metadata: row.metadata,
    problem: row.problem,
    problem_since: row.problem === null ? null : (row.problemSince?.toISOString() ?? null),
    needs_authorization: row.problem !== null && row.problemFinal,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    archived_at: row.archivedAt?.toISOString() ?? null,
  };
}
