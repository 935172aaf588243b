// The egress broker's process: what sandboxes reach of the outside goes through it. Without it they reach nothing.
import { chownSync, renameSync } from "node:fs";
import { join } from "node:path";
import { NOTHING_ALLOWED } from "../contract/effective-networking.ts";
import { openDatabase } from "../db/database.ts";
import { findEmbeddedPostgresUrl } from "../db/embedded/embedded-postgres.ts";
import { savePackageHosts } from "../db/package-hosts.ts";
import { findNetworking } from "../db/session-networking.ts";
import { findTeamNetworking } from "../db/team-networking.ts";
import { filesOfUrl } from "../db/url-files.ts";
import { createNotifier } from "../db/wakeups.ts";
import { createApplyCredentials } from "../egress/apply-credentials.ts";
import type { ToldByTool } from "../egress/ask-package-tools.ts";
import { createAuditedFetch } from "../egress/audited-fetch.ts";
import { createBroker } from "../egress/broker.ts";
import type { ApplyCredentials } from "../egress/credentials.ts";
import { createDialGuard, type DialGuard, type NamedHost } from "../egress/dial-guard.ts";
import { createGuardedFetch } from "../egress/guarded-fetch.ts";
import type { PackageSetting } from "../egress/link-protocol.ts";
import { startLinkServer } from "../egress/link-server.ts";
import type { PackageHost } from "../egress/package-hosts.ts";
import { listOf } from "../egress/refused-addresses.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { createLogger } from "../lib/logger.ts";
import { brokerUidFor, installationHash } from "../sandboxes/local/records.ts";
import { openCheckedKeyRing } from "../secrets/check-keks.ts";
import { createRefreshToken } from "../secrets/refresh-token.ts";
import { createSendTokenRequest } from "../secrets/send-token-request.ts";
import { createSessionCredentials } from "../secrets/session-credentials.ts";
import { createTeamKeys } from "../secrets/team-keys.ts";
import { createTellCredentialFailed } from "../sessions/tell-credential-failed.ts";
import { ask } from "../supervisor/ask.ts";
import { askStarter } from "../supervisor/ask-starter.ts";
import { giveUpRoot, type Rights } from "../supervisor/give-up-root.ts";
import { watchStarter } from "../supervisor/starter-watch.ts";
import { checkSchema } from "./check-schema.ts";
import { loadConfigOrExit } from "./config.ts";
import { kekPlace } from "./kek-place.ts";
import { openSessionAudit } from "./session-audit.ts";
import { trustedCertificates } from "./trusted-certificates.ts";

process.title = "berth-egress";

/** Half of them may wait for token endpoints. */
const MAX_CONNECTIONS = 8;
/** Longer than a look at the rules ever takes: then the sandbox is told to try again. */
const STOP_LIMIT_MS = 2_000;
/** More than package managers get to answer. */
const TOOLS_MS = 60_000;

const config = loadConfigOrExit();
// Nothing that this process starts needs it.
delete process.env.BERTH_KEK;
const pretty = config.logFormat === "pretty" || (config.logFormat === "auto" && process.stdout.isTTY === true);
const logger = createLogger("egress", { level: config.logLevel, pretty });
const url = config.databaseUrl ?? findEmbeddedPostgresUrl(config.dataDir);
if (!url) {
  console.error("No database: DATABASE_URL is not set and no embedded Postgres runs. `npm start` starts everything.");
  process.exit(1);
}
const db = openDatabase({
  url,
  maxConnections: MAX_CONNECTIONS,
  applicationName: "berth-egress",
  waitsLike: "requests",
  onError: (error) => logger.debug({ err: error }, "an idle database connection was lost"),
});
const notifier = createNotifier({ url, applicationName: "berth-egress wake-ups", logger });
const audit = openSessionAudit({ db, notifier, logger });

let stop: () => Promise<void> = () => db.destroy();
let stopping = false;
function stopOnce(): void {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  stop().then(
    () => process.exit(0),
    (error: unknown) => {
      logger.error({ err: error }, "the egress broker did not stop cleanly");
      process.exit(1);
    },
  );
}
process.on("SIGTERM", stopOnce);
process.on("SIGINT", stopOnce);
watchStarter(stopOnce);

try {
  await start(url);
} catch (error) {
  logger.fatal({ err: error }, "the egress broker could not be started");
  console.error(`The egress broker could not be started: ${messageOf(error)}`);
  process.exit(1);
}

async function start(databaseUrl: string): Promise<void> {
  const { refusedRanges, caFile, networkingCeiling } = config.egress;
  const namedHosts = [...config.egress.namedHosts, ...privateMirrors()];
  const packageHosts: PackageHost[] = [...config.egress.packageHosts];
  const packageSettings: PackageSetting[] = [];
  const packageHostsKnown = Promise.withResolvers<void>();
  await checkSchema(db, { url: databaseUrl, logger });
  const guard = createDialGuard({ namedHosts, refusedRanges: listOf(refusedRanges) });
  const broker = createBroker({
    guard,
    readCeilings: async (teamId) => {
      const team = await findTeamNetworking(db, { teamId });
      // A team that is gone reaches nothing.
      return { ceiling: networkingCeiling, teamCeiling: team ? team.ceiling : NOTHING_ALLOWED };
    },
    readPolicy: async (identity) => {
      const found = await findNetworking(db, { identity });
      return found && { ...found, ceiling: networkingCeiling };
    },
    trusted: trustedCertificates(caFile),
    packageHosts,
    packageHostsKnown: packageHostsKnown.promise,
    applyCredentials: await wireCredentials(guard),
    audit,
    logger,
    now: Date.now,
  });
  // They read the settings of who started Berth, and none of what follows: they begin before the rights are given up.
  const asked = askTools();
  const socketPath = join(config.dataDir, "run", "egress.sock");
  const unseen = `${socketPath}.new`;
  const link = await startLinkServer({ socketPath: unseen, broker, logger, packageSettings: () => packageSettings });
  becomeNobody({ databaseUrl, show: (rights) => showSocket(unseen, socketPath, rights) });
  stop = async () => {
    link.close();
    await broker.closeAll();
    await audit.close();
    await notifier.close();
    await db.destroy();
  };
  logger.info({ namedHosts: namedHosts.map(({ host }) => host) }, "the egress broker is ready");
  process.send?.({ type: "ready" });
  // Some take seconds to answer; installations wait for them, and requests that their answer decides about.
  const tools = await asked;
  packageHosts.push(...tools.flatMap(({ hosts }) => hosts));
  packageSettings.push(...tools.flatMap(({ settings }) => settings));
  packageHostsKnown.resolve();
  const named = config.egress.packageHosts.map(({ host, plain }) => ({ host, plain }));
  const told = tools.map(({ tool, hosts, problem }) => ({ tool, hosts, problem }));
  const all = [{ tool: "BERTH_PACKAGE_HOSTS", hosts: named, problem: null }, ...told];
  logger.info({ tools: all }, "package managers told where their packages are");
  await savePackageHosts(db, all).catch((error: unknown) => {
    logger.warn({ err: error }, "where packages come from could not be written down for /readyz");
  });
}

async function askTools(): Promise<ToldByTool[]> {
  try {
    const script = join(import.meta.dirname, "package-tools.ts");
    const { tools } = await ask({ script, env: process.env, withinMs: TOOLS_MS });
    return tools as ToldByTool[]; // Our own script's.
  } catch (error) {
    logger.warn({ err: error }, "package managers were not asked where their packages are");
    return [];
  }
}

/** Whoever takes this process over finds a user without files, processes or rights. What it has to read is read by now. */
function becomeNobody({ databaseUrl, show }: { databaseUrl: string; show: (rights: Rights | null) => void }): void {
  const files = filesOfUrl(databaseUrl);
  if (files.length > 0 && process.getuid?.() === 0) {
    logger.warn({ files }, "the egress broker keeps the rights of root: DATABASE_URL names files to read again");
    show(null);
    return;
  }
  let shown = false;
  const prepare = (rights: Rights) => {
    show(rights);
    shown = true;
  };
  try {
    const rights = giveUpRoot(brokerUidFor(installationHash(config.dataDir)), prepare);
    if (rights) logger.info(rights, "the egress broker gave up the rights of root");
    else show(null);
  } catch (error) {
    if (!shown) show(null);
    logger.warn({ err: error }, "the egress broker keeps the rights of root: this system does not let it give them up");
  }
}

/**
 * By the socket's owner sandboxd knows who has to reach the directories of sandboxes, and it looks as soon as it finds the socket: it is
 * there only once that is settled, and no turn of this process lies between this and the change.
 */
function showSocket(unseen: string, socketPath: string, rights: Rights | null): void {
  if (rights) chownSync(unseen, rights.uid, rights.gid);
  renameSync(unseen, socketPath);
}

/** Those of package managers that the operator gave an address. */
function privateMirrors(): NamedHost[] {
  return config.egress.packageHosts.flatMap(({ host, address, port }) =>
    address === null ? [] : [{ host, address, port }],
  );
}

async function wireCredentials(guard: DialGuard): Promise<ApplyCredentials> {
  const clock = systemClock;
  const isRoot = process.getuid?.() === 0;
  const readAgain = () => askStarter("kek");
  const ring = await openCheckedKeyRing({ db, place: kekPlace(config), clock, ...(isRoot && { readAgain }) });
  const teamKeys = createTeamKeys({ ring });
  const { fetch } = createGuardedFetch({ guard, trusted: trustedCertificates(config.egress.caFile) });
  const send = createSendTokenRequest(
    createAuditedFetch({ fetch, audit, logger, now: clock.now, source: "credential" }),
  );
  return createApplyCredentials({
    credentials: createSessionCredentials({ db, teamKeys, clock, logger }),
    refreshToken: createRefreshToken({ db, teamKeys, clock, send }),
    tellFailed: createTellCredentialFailed({ db, clock, onLogGrew: notifier.logGrew, logger }),
    clock,
  });
}
