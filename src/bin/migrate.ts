// `npm run migrate`: brings the database of DATABASE_URL, or the running embedded one, to this release's schema.
import { findEmbeddedPostgresUrl } from "../db/embedded/embedded-postgres.ts";
import { migrate } from "../db/migrate.ts";
import { messageOf } from "../lib/errors.ts";
import { loadConfigOrExit } from "./config.ts";

const config = loadConfigOrExit();
const url = config.databaseUrl ?? findEmbeddedPostgresUrl(config.dataDir);
if (!url) {
  console.error(
    "No database: DATABASE_URL is not set and no embedded Postgres runs. `npm start` migrates the embedded one by itself.",
  );
  process.exit(1);
}
try {
  const applied = await migrate({ url });
  console.log(applied.length > 0 ? `Applied ${applied.join(", ")}.` : "The schema is up to date.");
} catch (error) {
  console.error(
    `The database could not be migrated.\n  ${messageOf(error) || "No connection: check the host and port of DATABASE_URL."}`,
  );
  process.exit(1);
}
