// The web process: API, event streams, dashboard on one port. `npm run web` starts it alone against a DATABASE_URL.
import { once } from "node:events";
import { join, resolve } from "node:path";
import { allowedHostsFor } from "../api/host-check.ts";
import type { ModelCatalog } from "../api/models.ts";
import { findEmbeddedPostgresUrl } from "../db/embedded/embedded-postgres.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { createLogger, type Logger } from "../lib/logger.ts";
import { backends } from "../sandboxes/registry.ts";
import { watchStarter } from "../supervisor/starter-watch.ts";
import { type Config, ensureApiKey, loadConfigOrExit } from "./config.ts";
import { createDashboard, type Dashboard } from "./dashboard.ts";
import { kekPlace } from "./kek-place.ts";
import { openOutsideFetch } from "./outside-fetch.ts";
import { packageVersion } from "./version.ts";
import { wireWeb } from "./wire-web.ts";

/** Requests that are under way at a stop get this long. */
const GRACE_MS = 2_000;

const repository = resolve(import.meta.dirname, "../..");
process.title = "berth-web";
// Next.js reads it when it is loaded, which is later. Its types say that it is read-only.
Object.assign(process.env, { NODE_ENV: process.env.NODE_ENV ?? "production" });

const config = loadConfigOrExit();
// Nothing that this process starts needs it.
delete process.env.BERTH_KEK;
const pretty = config.logFormat === "pretty" || (config.logFormat === "auto" && process.stdout.isTTY === true);
const logger = createLogger("web", { level: config.logLevel, pretty });
try {
  await start(config, logger);
} catch (error) {
  logger.fatal({ err: error }, "web could not be started");
  console.error(`web could not be started: ${messageOf(error)}`);
  process.exit(1);
}

async function start({ host, port, ...settings }: Config, logger: Logger): Promise<void> {
  const databaseUrl = settings.databaseUrl ?? findEmbeddedPostgresUrl(settings.dataDir);
  if (!databaseUrl) throw new Error("there is no database: set DATABASE_URL, or run `npm start`, which brings its own");
  const dashboard: Dashboard | null =
    settings.ui === "on"
      ? createDashboard({ directory: repository, hostname: host, port, devPages: settings.devPages, logger })
      : null;
  const { memoryMb, cpus, pids, diskMb, env } = settings.sandbox;
  const backend = backends[settings.sandbox.backend].create({
    socketPath: join(settings.dataDir, "run", "sandboxd.sock"),
  });
  const outside = openOutsideFetch(settings.egress);
  const web = await wireWeb({
    outsideFetch: outside.fetch,
    dataDir: settings.dataDir,
    sandboxes: { backend, spec: { limits: { memoryMb, cpus, pids, diskMb }, env }, teamLimit: settings.teamSandboxes },
    databaseUrl,
    kek: kekPlace(settings),
    apiKey: ensureApiKey(settings).apiKey,
    models: await openCatalog(settings),
    defaultModel: settings.defaultModel,
    defaultNetworking: settings.egress.defaultNetworking,
    networkingCeiling: settings.egress.networkingCeiling,
    allowedHosts: allowedHostsFor(host),
    previewUrl: settings.previewUrl,
    ui: dashboard?.handle ?? null,
    version: packageVersion(),
    logger,
  });
  const { server } = web;
  server.listen(port, host);
  await once(server, "listening");
  const address = server.address();
  const boundPort = typeof address === "object" && address !== null ? address.port : port;

  let stopping = false;
  const stop = async (why: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ why }, "stopping");
    server.close();
    web.hub.close();
    web.changeHub.close();
    web.channels.close();
    web.portPreviews.close();
    server.closeIdleConnections();
    const force = setTimeout(() => server.closeAllConnections(), GRACE_MS);
    await once(server, "close");
    clearTimeout(force);
    await Promise.race([
      Promise.all([web.close(), backend.close(), outside.close(), dashboard?.close()]),
      systemClock.sleep(GRACE_MS / 2),
    ]);
    process.exit(0);
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  // Started by the supervisor: without it nobody would restart or stop this process.
  watchStarter(() => void stop("the supervisor is gone"));

  await dashboard?.ready;
  logger.info({ host, port: boundPort }, "web is listening");
  process.send?.({ type: "ready", port: boundPort });
}

/** The gateway's code is loaded only where there is a gateway. */
async function openCatalog(settings: Pick<Config, "gatewayUrl" | "gatewayApiKey">): Promise<ModelCatalog> {
  const { gatewayUrl, gatewayApiKey } = settings;
  if (gatewayUrl) {
    const { createGatewayClient } = await import("../models/gateway.ts");
    const apiKey = gatewayApiKey === null ? null : { reveal: () => gatewayApiKey };
    return createGatewayClient({ baseUrl: gatewayUrl, apiKey, clock: systemClock });
  }
  const { createDemoModel } = await import("../models/demo.ts");
  return createDemoModel({ clock: systemClock });
}
