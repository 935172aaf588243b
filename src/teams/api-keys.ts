// Use cases of API keys: make one and tell its value once, list, revoke.
import type { ApiKey, CreateApiKeyInput, CreatedApiKey } from "../contract/api-keys.ts";
import { OPERATOR_KEY } from "../contract/operator-key.ts";
import type { Page } from "../contract/page.ts";
import { findManagedKey, insertApiKey, listApiKeys, type ManagedKeyRow, revokeApiKey } from "../db/api-keys.ts";
import { afterCommit, type Database, type DatabaseTransaction } from "../db/database.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { isId, newId } from "../lib/ids.ts";
import { hashToken, newToken } from "./tokens.ts";

const DEFAULT_PAGE = 20;

export type ApiKeys = ReturnType<typeof createApiKeys>;

/** Changes take the caller's transaction; reads use the pool. `onChanged` is called once a change is committed. */
export function createApiKeys({ db, clock, onChanged }: { db: Database; clock: Clock; onChanged: () => void }) {
  return {
    async create(tx: DatabaseTransaction, teamId: string, { name }: CreateApiKeyInput): Promise<CreatedApiKey> {
      const value = `berth_${newToken()}`;
      const now = clock.now();
      const row = await insertApiKey(tx, {
        id: newId("apiKey", now),
        teamId,
        name,
        keyHash: hashToken(value),
        now: new Date(now),
      });
      afterCommit(tx, onChanged);
      return { ...toApiKey(row), value };
    },

    async list(
      teamId: string,
      query: { limit?: number | undefined; page?: string | undefined },
    ): Promise<Page<ApiKey>> {
      if (query.page !== undefined && !isId("apiKey", query.page))
        throw new PlatformError("invalid_request", "page: is not a cursor of this list");
      const limit = query.limit ?? DEFAULT_PAGE;
      const found = await listApiKeys(db, { teamId, before: query.page, limit: limit + 1 });
      const rows = found.slice(0, limit);
      return { data: rows.map(toApiKey), next_page: found.length > limit ? (rows.at(-1)?.id ?? null) : null };
    },

    /** Every web process refuses the key within 5 seconds: that long a good answer is remembered. */
    async revoke(tx: DatabaseTransaction, teamId: string, keyId: string): Promise<ApiKey> {
      const row = await findManagedKey(tx, { teamId, keyId });
      if (!row) throw new PlatformError("not_found", `There is no API key ${keyId}.`);
      if (row.name === OPERATOR_KEY && row.revokedAt === null)
        throw new PlatformError(
          "invalid_request",
          "This is the server's own key. To replace it set BERTH_API_KEY, or delete the file api-key in the data directory, and start Berth again.",
        );
      await revokeApiKey(tx, { teamId, keyId, now: new Date(clock.now()) });
      afterCommit(tx, onChanged);
      return toApiKey((await findManagedKey(tx, { teamId, keyId })) ?? row);
    },
  };
}

function toApiKey(row: ManagedKeyRow): ApiKey {
  return {
    type: "api_key",
    id: row.id,
    name: row.name,
    created_at: row.createdAt.toISOString(),
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
  };
}
