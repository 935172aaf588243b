// Use cases of vaults: make, change, list, archive, delete. What is in them: credentials.ts.
import { patchMetadata } from "../contract/fields.ts";
import { MAX_METADATA_KEYS } from "../contract/metadata-limits.ts";
import type { Page } from "../contract/page.ts";
import type { CreateVaultInput, ListVaultsQuery, UpdateVaultInput, Vault } from "../contract/vaults.ts";
import { listActiveCredentials } from "../db/credentials.ts";
import { afterCommit, type Database, type DatabaseTransaction } from "../db/database.ts";
import {
  archiveVault,
  deleteVault,
  findVault,
  holdVaults,
  insertVault,
  listVaults,
  updateVault,
  type VaultRow,
} from "../db/vaults.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { isId, newId } from "../lib/ids.ts";
import { readPage } from "../lib/page-cursor.ts";
import { describeTie, findTie, nameOfCredential } from "./credential-ties.ts";

const DEFAULT_PAGE = 20;

export type Vaults = ReturnType<typeof createVaults>;

/** Changes take the caller's transaction; reads use the pool. `onChanged` is called once a change is committed. */
export function createVaults({ db, clock, onChanged }: { db: Database; clock: Clock; onChanged: () => void }) {
  return {
    async create(tx: DatabaseTransaction, teamId: string, input: CreateVaultInput): Promise<Vault> {
      const vaultId = newId("vault", clock.now());
      const { display_name: displayName, metadata } = input;
      await insertVault(tx, { vaultId, teamId, displayName, metadata: { ...metadata }, now: new Date(clock.now()) });
      afterCommit(tx, onChanged);
      return toVault(await getVault(tx, { teamId, vaultId }));
    },

    async get(teamId: string, vaultId: string): Promise<Vault> {
      return toVault(await getVault(db, { teamId, vaultId }));
    },

    async update(
      tx: DatabaseTransaction,
      teamId: string,
      { vaultId, input }: { vaultId: string; input: UpdateVaultInput },
    ): Promise<Vault> {
      const before = await getOpenVault(tx, { teamId, vaultId });
      const metadata = patchMetadata(before.metadata, input.metadata);
      if (Object.keys(metadata).length > MAX_METADATA_KEYS)
        throw new PlatformError("invalid_request", `metadata: at most ${MAX_METADATA_KEYS} keys`);
      const displayName = input.display_name ?? before.displayName;
      await updateVault(tx, { vaultId, teamId, displayName, metadata, now: new Date(clock.now()) });
      afterCommit(tx, onChanged);
      return toVault(await getVault(tx, { teamId, vaultId }));
    },

    /** Its values are gone for good; running sessions lose them within seconds. */
    async archive(tx: DatabaseTransaction, teamId: string, vaultId: string): Promise<Vault> {
      const before = await getVault(tx, { teamId, vaultId, forUpdate: true });
      if (!before.archivedAt) await archiveVault(tx, { teamId, vaultId, now: new Date(clock.now()) });
      afterCommit(tx, onChanged);
      return toVault(await getVault(tx, { teamId, vaultId }));
    },

    /** With all that is in it. */
    async delete(
      tx: DatabaseTransaction,
      teamId: string,
      vaultId: string,
    ): Promise<{ id: string; type: "vault_deleted" }> {
      await getVault(tx, { teamId, vaultId, forUpdate: true });
      await deleteVault(tx, { teamId, vaultId });
      afterCommit(tx, onChanged);
      return { id: vaultId, type: "vault_deleted" };
    },

    async list(teamId: string, query: ListVaultsQuery): Promise<Page<Vault>> {
      const page = await readPage({
        kind: "vault",
        order: "desc",
        limit: query.limit ?? DEFAULT_PAGE,
        cursor: query.page,
        positionOf: (row: VaultRow) => row,
        read: (request) => listVaults(db, { teamId, includeArchived: query.include_archived ?? false, page: request }),
      });
      return { data: page.rows.map(toVault), next_page: page.nextPage };
    },
  };
}

/** Throws `not_found` for unknown and foreign ids. */
export async function getVault(
  db: Database,
  input: { teamId: string; vaultId: string; forUpdate?: boolean },
): Promise<VaultRow> {
  const row = isId("vault", input.vaultId) ? await findVault(db, input) : null;
  if (!row) throw new PlatformError("not_found", `There is no vault ${input.vaultId}.`);
  return row;
}

/** One that can be changed, held until the end of the transaction. */
export async function getOpenVault(
  tx: DatabaseTransaction,
  input: { teamId: string; vaultId: string },
): Promise<VaultRow> {
  const row = await getVault(tx, { ...input, forUpdate: true });
  if (row.archivedAt) throw new PlatformError("invalid_request", `Vault ${row.id} is archived and cannot be changed.`);
  return row;
}

/** The vaults that a new session is given: the team's own, none archived, and no two credentials in them that compete. */
export async function checkVaultsForSession(
  tx: DatabaseTransaction,
  input: { teamId: string; vaultIds: readonly string[] },
): Promise<void> {
  const { teamId, vaultIds } = input;
  if (vaultIds.length === 0) return;
  const found = new Map((await holdVaults(tx, { teamId, vaultIds })).map((row) => [row.id, row]));
  for (const [index, vaultId] of vaultIds.entries()) {
    const row = found.get(vaultId);
    if (!row) throw new PlatformError("not_found", `vault_ids.${index}: there is no vault ${vaultId}.`);
    if (row.archivedAt) throw new PlatformError("invalid_request", `vault_ids.${index}: vault ${vaultId} is archived`);
    if (vaultIds.indexOf(vaultId) !== index)
      throw new PlatformError("invalid_request", `vault_ids.${index}: vault ${vaultId} is named twice`);
  }
  const credentials = await listActiveCredentials(tx, { teamId, vaultIds });
  const tie = findTie(credentials.map((row) => ({ id: row.id, name: nameOfCredential(row), auth: row.auth })));
  if (tie) throw new PlatformError("invalid_request", `vault_ids: ${describeTie(tie)}`);
}

function toVault(row: VaultRow): Vault {
  return {
    type: "vault",
    id: row.id,
    display_name: row.displayName,
    metadata: row.metadata,
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
    archived_at: row.archivedAt?.toISOString() ?? null,
  };
}
