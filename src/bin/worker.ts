// The worker process: runs turns, and looks after sandboxes. `npm run worker` starts one alone against a database.

import { randomInt } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import type { BlobStore } from "../blobs/blobs.ts";
import { blobStores } from "../blobs/registry.ts";
import { openDatabase } from "../db/database.ts";
import { findEmbeddedPostgresUrl } from "../db/embedded/embedded-postgres.ts";
import type { Claim } from "../db/leases.ts";
import { createNotifier } from "../db/wakeups.ts";
import { harnesses } from "../harnesses/registry.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import { createLogger } from "../lib/logger.ts";
import { createDemoModel } from "../models/demo.ts";
import { createGatewayClient } from "../models/gateway.ts";
import { backends } from "../sandboxes/registry.ts";
import { createSessionSnapshots } from "../sessions/session-snapshots.ts";
import { watchStarter } from "../supervisor/starter-watch.ts";
import { openOwnerFile } from "../worker/data-owner.ts";
import { runLoneWorker } from "../worker/lone-worker.ts";
import { createWorker } from "../worker/worker.ts";
import { checkSchema } from "./check-schema.ts";
import { type Config, loadConfigOrExit } from "./config.ts";
import { createMcpAccess } from "./mcp-access.ts";
import { openOutsideFetch } from "./outside-fetch.ts";
import { openSessionAudit } from "./session-audit.ts";
import { type LoneMessage, loneClaim, startAlone } from "./start-alone.ts";
import { packageVersion } from "./version.ts";
import { wireWebTools } from "./wire-web-tools.ts";

process.title = "berth-worker";

/** Under `npm start` somebody waits at the terminal; alone, a successor is there and model requests cost money. */
const supervised = process.send !== undefined;
const DRAIN_MS = supervised ? 800 : 7_000;
/** A stop that hangs must not keep the leases. */
const STOP_LIMIT_MS = DRAIN_MS + 2_000;
/** Besides the sessions' own statements: upkeep, health, claims. */
const MAX_CONNECTIONS = 16;

const config = loadConfigOrExit();
const url = config.databaseUrl ?? findEmbeddedPostgresUrl(config.dataDir);
if (!url) {
  console.error("No database: DATABASE_URL is not set and no embedded Postgres runs. `npm start` starts everything.");
  process.exit(1);
}
const pretty = config.logFormat === "pretty" || (config.logFormat === "auto" && process.stdout.isTTY === true);
const logger = createLogger("worker", { level: config.logLevel, pretty });
const applicationName = "berth-worker";
const db = openDatabase({
  url,
  maxConnections: MAX_CONNECTIONS,
  applicationName,
  onError: (error) => logger.debug({ err: error }, "an idle database connection was lost"),
});
const notifier = createNotifier({ url, applicationName, logger });
const outside = openOutsideFetch(config.egress);
const models = createModels(config);
const backend = backends[config.sandbox.backend].create({ socketPath: join(config.dataDir, "run", "sandboxd.sock") });
const { memoryMb, cpus, pids, diskMb, env } = config.sandbox;
const blobs = createBlobs(config);
const audit = openSessionAudit({ db, notifier, logger });
const webTools = wireWebTools({ config, db, audit, logger });
const claim = loneClaim(process.argv.slice(2));
const options = {
  db,
  databaseUrl: url,
  notifier,
  identity: {
    id: claim?.fence.owner ?? newId("worker"),
    // Below 2^47, so that both halves and the whole fit every type on the way.
    lockKey: randomInt(1, 2 ** 47),
    hostname: hostname(),
    pid: process.pid,
    version: packageVersion(),
  },
  harness: harnesses.builtin.create({ models, clock: systemClock, canSearch: webTools.canSearch }),
  backend,
  webTools,
  snapshots: createSessionSnapshots({ db, blobs, diskMb, clock: systemClock, logger }),
  teamSandboxes: config.teamSandboxes,
  sandboxSpec: { limits: { memoryMb, cpus, pids, diskMb }, env },
  mcp: createMcpAccess({ db, config, fetch: outside.fetch, audit, onLogGrew: notifier.logGrew, logger }),
  clock: systemClock,
  logger,
  random: Math.random,
};

let stopWork: () => Promise<void> = async () => undefined;
let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), STOP_LIMIT_MS).unref();
  await stopWork();
  await outside.close();
  await audit.close();
  await Promise.all([notifier.close(), backend.close(), db.destroy()]);
  process.exit(0);
}
process.on("SIGTERM", () => void stop());
process.on("SIGINT", () => void stop());
// The supervisor is gone; the next one starts a new worker. Or the worker for which this one holds a session.
watchStarter(() => void stop());

try {
  await (claim ? holdAlone(claim) : work());
} catch (error) {
  const what = claim ? "a session could not be held alone to its end" : "the worker could not be started";
  logger.fatal({ err: error }, what);
  if (!claim) console.error(`The worker could not be started: ${messageOf(error)}`);
  process.exit(1);
}

async function work(): Promise<void> {
  const worker = createWorker({
    ...options,
    models,
    startAlone,
    ownerFile: openOwnerFile(config.dataDir),
    sandboxIdleMs: config.sandbox.idleS * 1_000,
    concurrency: config.workerConcurrency,
    teamSessions: config.teamSessions,
    drainMs: DRAIN_MS,
  });
  stopWork = () => worker.stop();
  await checkSchema(db, { url: options.databaseUrl, logger });
  await worker.start();
  logger.info({ concurrency: config.workerConcurrency, models: models.id, sandboxes: backend.id }, "worker is ready");
  process.send?.({ type: "ready" });
}

/** For the worker that started this process. */
async function holdAlone(claim: Claim): Promise<void> {
  process.title = "berth-worker-alone";
  const say = (message: LoneMessage) => void process.send?.(message);
  const worker = runLoneWorker({
    ...options,
    claim,
    onHolding: () => say({ type: "holding" }),
    onLetGo: () => say({ type: "let-go" }),
  });
  stopWork = async () => {
    worker.stop();
    await worker.done;
  };
  await worker.done;
  await stop();
}

function createBlobs({ blobs: { store, s3 }, dataDir }: Config): BlobStore {
  if (store === "directory") return blobStores.directory.create({ directory: join(dataDir, "blobs") });
  const { bucket, accessKeyId, secretAccessKey } = s3;
  // The configuration was refused without them.
  if (bucket === null || accessKeyId === null || secretAccessKey === null)
    throw new Error("the bucket is not configured");
  return blobStores.s3.create({
    ...s3,
    bucket,
    credentials: { accessKeyId, secretAccessKey: { reveal: () => secretAccessKey } },
  });
}

function createModels({ gatewayUrl, gatewayApiKey }: Config) {
  if (!gatewayUrl) return createDemoModel({ clock: systemClock });
  const apiKey = gatewayApiKey === null ? null : { reveal: () => gatewayApiKey };
  return createGatewayClient({ baseUrl: gatewayUrl, apiKey, clock: systemClock });
}
