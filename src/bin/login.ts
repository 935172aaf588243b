// `npm run login`, `berth login`: prints another one-time link to the dashboard. `npm start` calls it for the first one.

import { configWith } from "../contract/environments.ts";
import { openDatabase } from "../db/database.ts";
import { findEmbeddedPostgresUrl } from "../db/embedded/embedded-postgres.ts";
import { messageOf } from "../lib/errors.ts";
import { runningUrl } from "../supervisor/running-url.ts";
import { createLoginToken } from "../teams/login.ts";
import { ensureDefaultTeam } from "../teams/teams.ts";
import { dashboardUrl, ensureApiKey, loadConfigOrExit } from "./config.ts";

const config = loadConfigOrExit();
const url = config.databaseUrl ?? findEmbeddedPostgresUrl(config.dataDir);
if (!url) {
  console.error(
    "Berth does not run on this data directory, and DATABASE_URL is not set. Start it with `npx berth up`; it prints a link.",
  );
  process.exit(1);
}
const db = openDatabase({ url, maxConnections: 1, applicationName: "berth-login" });
try {
  const team = await ensureDefaultTeam(db, {
    apiKey: ensureApiKey(config).apiKey,
    environment: configWith(config.egress.defaultNetworking),
  });
  const token = await createLoginToken({ db, teamId: team.id });
  if (process.send) process.send({ type: "ready", token });
  else
    console.log(
      `Open  ${runningUrl(config.dataDir) ?? dashboardUrl(config)}/login?token=${token}\n(works once, within 15 minutes)`,
    );
} catch (error) {
  console.error(`No link could be made: ${messageOf(error)}`);
  process.exitCode = 1;
} finally {
  await db.destroy();
}
