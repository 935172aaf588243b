// Before a part works: the database answers, and its schema is one that this release can work with.
import { type Database, isConnectionFailure, isMissingTable } from "../db/database.ts";
import { listMigrations } from "../db/health.ts";
import { schemaState } from "../db/migrate.ts";
import { persistently } from "../db/persistently.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";

const PATIENCE_MS = 30_000;

/** Waits a while for a database that is not there yet. Throws what is wrong, and what to do. */
export async function checkSchema(db: Database, input: { url: string; logger: Logger }): Promise<void> {
  const { url, logger } = input;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  let told = false;
  const ask = () =>
    schemaState(() => listMigrations(db)).catch((error: unknown) => {
      if (!told && isConnectionFailure(error))
        logger.warn({ why: messageOf(error), patienceMs: PATIENCE_MS }, "waiting for the database");
      told = true;
      throw error;
    });
  const state = await persistently(ask, { clock: systemClock, logger, signal }).catch((error: unknown) => {
    if (signal.aborted) throw new Error(`the database at ${new URL(url).host} does not answer`, { cause: error });
    throw isMissingTable(error) ? new Error("the database has no schema yet. Run npm run migrate.") : error;
  });
  if (!state.current) throw new Error(state.detail);
}
