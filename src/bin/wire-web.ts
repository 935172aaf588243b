// Puts a web process together: database, wake-ups, use cases, API, event streams. `web.ts` and tests start it.
import type { Server } from "node:http";
import { resolve } from "node:path";
import { createAgents } from "../agents/agents.ts";
import { createEnvironments } from "../agents/environments.ts";
import { chooseChatModel, ensureFirstAgent } from "../agents/first-agent.ts";
import { createApi } from "../api/app.ts";
import { type ChangeHub, createChangeHub } from "../api/change-hub.ts";
import { type ChannelServer, createChannelServer } from "../api/channels.ts";
import { createEventHub, type EventHub } from "../api/event-hub.ts";
import { createEventStream } from "../api/event-stream.ts";
import type { HealthFacts } from "../api/health.ts";
import type { AllowedHosts } from "../api/host-check.ts";
import type { ModelCatalog } from "../api/models.ts";
import { portPreviewPlace } from "../api/port-preview-address.ts";
import { createPortPreviewServer, type PortPreviewServer } from "../api/port-preview-server.ts";
import { createApiServer, type RawHandler } from "../api/server.ts";
import { createStreamGuard } from "../api/stream-guard.ts";
import { createTeamStream } from "../api/team-stream.ts";
import { configWith, type Networking } from "../contract/environments.ts";
import { forgetDeletedSessions, readPlace } from "../db/changes.ts";
import { type Database, isBusyFailure, isConnectionFailure, openDatabase } from "../db/database.ts";
import { forgetOldEgressRequests } from "../db/egress-requests.ts";
import { readLog } from "../db/events.ts";
import { listLiveWorkers, listMigrations, pingDatabase } from "../db/health.ts";
import { forgetOldKeys } from "../db/idempotency.ts";
import { forgetExpiredLogins } from "../db/login.ts";
import { schemaState } from "../db/migrate.ts";
import { readPackageHosts } from "../db/package-hosts.ts";
import { forgetExpiredPortPreviews } from "../db/port-previews.ts";
import { lastSeqs } from "../db/sessions.ts";
import { forgetOldTimeline } from "../db/timeline.ts";
import { createNotifier, listenForWakeups } from "../db/wakeups.ts";
import { createAuditedFetch } from "../egress/audited-fetch.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf, PlatformError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { OutsideFetch } from "../lib/outside-fetch.ts";
import { ModelError } from "../models/errors.ts";
import { type KekPlace, openCheckedKeyRing } from "../secrets/check-keks.ts";
import { createCredentials } from "../secrets/credentials.ts";
import { createPutResourceToken } from "../secrets/resource-tokens.ts";
import { createSendTokenRequest } from "../secrets/send-token-request.ts";
import { createTeamKeys } from "../secrets/team-keys.ts";
import { createValidateCredential } from "../secrets/validate-credential.ts";
import { createVaults } from "../secrets/vaults.ts";
import { createReadEgressRequests } from "../sessions/egress-requests.ts";
import { createForkSession } from "../sessions/fork-session.ts";
import { createListedSnapshots } from "../sessions/listed-snapshots.ts";
import { createOverview } from "../sessions/overview.ts";
import { createReadyForPerson } from "../sessions/ready-for-person.ts";
import { createRetryTurn } from "../sessions/retry-turn.ts";
import { createRewindSession } from "../sessions/rewind-session.ts";
import { createSendEvents, type LogGrowth } from "../sessions/send-events.ts";
import { createSessionFiles, type SandboxReach } from "../sessions/session-files.ts";
import { createSessionPorts } from "../sessions/session-ports.ts";
import { createSessionResources } from "../sessions/session-resources.ts";
import { createSessions } from "../sessions/sessions.ts";
import { createReadTimeline } from "../sessions/timeline.ts";
import { createWithdrawMessage } from "../sessions/withdraw-message.ts";
import { createAccess } from "../teams/access.ts";
import { createApiKeys } from "../teams/api-keys.ts";
import { createChanges } from "../teams/idempotency.ts";
import { createPortPreviewAccess } from "../teams/port-preview-access.ts";
import { createTeamNetworkings } from "../teams/team-networking.ts";
import { ensureDefaultTeam } from "../teams/teams.ts";
import { createUsage } from "../teams/usage.ts";
import { checkSchema } from "./check-schema.ts";
import { createProbe } from "./create-probe.ts";
import { readLicences } from "./licences.ts";
import { openSessionAudit } from "./session-audit.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const MAX_CONNECTIONS = 16;
const CLEANUP_MS = 3_600_000;
const FIRST_AGENT_PATIENCE_MS = 500;
const FIRST_AGENT_PAUSE_MS = 5_000;

export type WebOptions = {
  databaseUrl: string;
  /** The default team's key. */
  apiKey: string;
  models: ModelCatalog;
  /** Where the keys are that seal secrets. */
  kek: KekPlace;
  /** The first agent's model; null: the first that can be talked to. */
  defaultModel: string | null;
  allowedHosts: AllowedHosts;
  /** Where port previews are: the address of their domain; null: on this machine. */
  previewUrl?: string | null;
  /** The dashboard; null: the API alone. */
  ui: RawHandler | null;
  version: string;
  logger: Logger;
  /** To the database; 16 unless said otherwise. */
  maxConnections?: number;
  /** Of environments that are made without a choice; unrestricted unless said otherwise. */
  defaultNetworking?: Networking["type"];
  /** What no environment may exceed; unrestricted unless said otherwise. */
  networkingCeiling?: Networking;
  /** How sandboxes are reached; null: this process reaches none, and files are not served. */
  sandboxes: SandboxReach | null;
  /** How hosts of the outside are asked. */
  outsideFetch: OutsideFetch;
  /** Where this installation keeps its data, for those who ask how much it is. */
  dataDir?: string;
};
export type Web = {
  /** Not listening yet. */
  server: Server;
  hub: EventHub;
  changeHub: ChangeHub;
  channels: Pick<ChannelServer, "close">;
  portPreviews: Pick<PortPreviewServer, "close">;
  db: Database;
  teamId: string;
  /** Ends event streams, then the database connections. The server is the caller's to close, before. */
  close(): Promise<void>;
};

export async function wireWeb(options: WebOptions): Promise<Web> {
  const { logger, databaseUrl } = options;
  const applicationName = "berth-web";
  const clock = systemClock;
  const db = openDatabase({
    url: databaseUrl,
    maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
    applicationName,
    waitsLike: "requests",
    onError: (error) => logger.debug({ err: error }, "an idle database connection was lost"),
  });
  await checkSchema(db, { url: databaseUrl, logger });
  const ring = await openCheckedKeyRing({ db, place: options.kek, clock });
  const ceiling: Networking = options.networkingCeiling ?? { type: "unrestricted" };
  // What is made without a choice does not exceed it.
  const defaultConfig = configWith(
    ceiling.type === "limited" ? "limited" : (options.defaultNetworking ?? "unrestricted"),
  );
  const networking = { default: defaultConfig.networking, ceiling };
  const team = await ensureDefaultTeam(db, { apiKey: options.apiKey, environment: defaultConfig });
  const stopping = new AbortController();
  // A gateway that is slow or away must not hold up the start.
  await Promise.race([
    offerFirstAgent({ ...options, db, teamId: team.id, signal: stopping.signal }),
    clock.sleep(FIRST_AGENT_PATIENCE_MS),
  ]);

  const notifier = createNotifier({ url: databaseUrl, applicationName, logger });
  const hub = createEventHub({
    readLog: (input) => readLog(db, input),
    lastSeqs: (sessionIds) => lastSeqs(db, sessionIds),
    wantPreviews: (sessionId) => notifier.wantPreviews(sessionId),
    logger,
  });
  const changeHub = createChangeHub({
    readChanges: (input) => sessions.changes(input),
    readPlace: () => readPlace(db),
    clock,
    logger,
  });
  const listener = listenForWakeups({
    url: databaseUrl,
    applicationName,
    logger,
    onLog(wakeup) {
      hub.logGrew(wakeup);
      changeHub.changed();
    },
    onPreview: (preview) => hub.preview(preview),
    onListChanged: () => changeHub.changed(),
    onReconnect() {
      void hub.lookAround();
      changeHub.changed();
    },
  });
  // Streams of this process are told directly: they need not wait for the way through Postgres.
  const onLogGrew = (growth: LogGrowth) => {
    hub.logGrew(growth);
    changeHub.changed();
    notifier.logGrew(growth);
  };
  const onFilesWanted = (sessionId: string) => notifier.wantFiles(sessionId);
  const onChanged = () => {
    changeHub.changed();
    notifier.listChanged();
  };
  const cleanup = setInterval(() => void forgetWhatIsOld(db, logger), CLEANUP_MS);
  cleanup.unref();

  const teamKeys = createTeamKeys({ ring });
  const audit = openSessionAudit({ db, notifier, logger });
  const auditedFetch = createAuditedFetch({
    ...{ fetch: options.outsideFetch, audit, logger, now: clock.now, source: "credential" },
  });
  const access = createAccess({ db, clock });
  const putToken = createPutResourceToken({ teamKeys, clock });
  const sessions = createSessions({ db, clock, putToken, onLogGrew });
  const getSession = (teamId: string, sessionId: string) => sessions.get(teamId, sessionId);
  const files = createSessionFiles({
    db,
    clock,
    onFilesWanted,
    sandboxes: options.sandboxes,
    ready: createReadyForPerson({ db, clock, onLogGrew, logger }),
    getSession,
  });
  const ports = createSessionPorts({ db, clock, sandboxes: options.sandboxes, files, getSession });
  const portPreviewAccess = createPortPreviewAccess({ db, clock });
  const place = portPreviewPlace(options.previewUrl ?? null);
  const api = createApi({
    access,
    apiKeys: createApiKeys({ db, clock, onChanged }),
    changes: createChanges({ db, logger }),
    agents: createAgents({ db, clock, onChanged }),
    vaults: createVaults({ db, clock, onChanged }),
    credentials: createCredentials({ db, clock, teamKeys, onChanged }),
    validateCredential: createValidateCredential({
      ...{ db, teamKeys, clock, send: createSendTokenRequest(auditedFetch) },
      probe: createProbe(auditedFetch, options.version),
    }),
    environments: createEnvironments({ db, clock, onChanged, server: networking }),
    teamNetworkings: createTeamNetworkings({ db, clock, onChanged, server: networking }),
    sessions,
    sessionResources: createSessionResources({ db, clock, putToken, onLogGrew }),
    sendEvents: createSendEvents({ clock, onLogGrew }),
    withdrawMessage: createWithdrawMessage({ clock, onLogGrew }),
    retryTurn: createRetryTurn({ clock, onLogGrew }),
    rewindSession: createRewindSession({ clock, onLogGrew, onFilesWanted }),
    forkSession: createForkSession({ clock, onLogGrew, onFilesWanted }),
    files,
    ports,
    portPreviews: portPreviewAccess,
    portPreviewPlace: place,
    snapshots: createListedSnapshots({ db }),
    readLicences: () => ({ data: readLicences(ROOT) }),
    usage: createUsage({ db, clock }),
    readTimeline: createReadTimeline({ db }),
    readEgressRequests: createReadEgressRequests({ db }),
    readOverview: createOverview({
      db,
      backend: options.sandboxes?.backend ?? null,
      dataDir: options.dataDir ?? null,
      clock,
    }),
    models: options.models,
    readHealthFacts: async () => ({ ...(await readHealthFacts(db)), ceiling }),
    translate: translateFailure,
    logger,
    clock,
    version: options.version,
  });
  const guard = createStreamGuard({ access, logger });
  const answering = { access, guard, translate: translateFailure, logger };
  const streamEvents = createEventStream({ ...answering, hub, checkSession: getSession });
  const streamTeam = createTeamStream({ ...answering, changes: changeHub, events: hub, checkSession: getSession });
  const { allowedHosts } = options;
  const channels = createChannelServer({ ...answering, files, allowedHosts });
  const portPreviews = createPortPreviewServer({
    ...answering,
    portPreviews: portPreviewAccess,
    ports,
    place,
  });
  return {
    server: createApiServer({ api, streamEvents, streamTeam, channels, portPreviews, ui: options.ui, allowedHosts }),
    channels,
    portPreviews,
    hub,
    changeHub,
    db,
    teamId: team.id,
    async close() {
      clearInterval(cleanup);
      stopping.abort();
      guard.close();
      channels.close();
      portPreviews.close();
      hub.close();
      changeHub.close();
      await audit.close();
      await listener.close();
      await notifier.close();
      await db.destroy();
    },
  };
}

/** Tries until the team has an agent: a gateway may answer later, or be mended. Never rejects. */
async function offerFirstAgent(
  input: Pick<WebOptions, "models" | "defaultModel" | "logger"> & {
    db: Database;
    teamId: string;
    signal: AbortSignal;
  },
): Promise<void> {
  const { db, teamId, models, defaultModel, logger, signal } = input;
  const findModel = async () => defaultModel ?? chooseChatModel((await models.listModels()).map((model) => model.id));
  while (!signal.aborted) {
    try {
      if (await ensureFirstAgent(db, { teamId, findModel, now: systemClock.now })) return;
    } catch (error) {
      logger.debug({ err: error }, "the first agent could not be made yet");
    }
    await systemClock.sleep(FIRST_AGENT_PAUSE_MS, signal).catch(() => undefined);
  }
}

/** Failures of drivers and gateways that callers can expect. */
function translateFailure(error: unknown): PlatformError | null {
  if (isConnectionFailure(error) || isBusyFailure(error))
    return new PlatformError("unavailable", "The database is away or busy. Try again in a moment.", { cause: error });
  if (error instanceof ModelError) return new PlatformError("unavailable", error.message, { cause: error });
  return null;
}

async function readHealthFacts(db: Database): Promise<Omit<HealthFacts, "ceiling">> {
  try {
    await pingDatabase(db);
  } catch (error) {
    return { database: { error: messageOf(error) }, migrations: null, packages: null, workers: null };
  }
  try {
    const migrations = await schemaState(() => listMigrations(db));
    // A schema that is behind has no such table: that is told by `migrations`.
    const packages = migrations.current ? await readPackageHosts(db) : null;
    return { database: { error: null }, migrations, packages, workers: await listLiveWorkers(db) };
  } catch (error) {
    return { database: { error: messageOf(error) }, migrations: null, packages: null, workers: null };
  }
}

async function forgetWhatIsOld(db: Database, logger: Logger): Promise<void> {
  try {
    await forgetOldKeys(db);
    await forgetExpiredPortPreviews(db);
    await forgetExpiredLogins(db);
    await forgetDeletedSessions(db);
    await forgetOldTimeline(db);
    await forgetOldEgressRequests(db);
  } catch (error) {
    logger.warn({ err: error }, "old keys and logins could not be removed; the next hour tries again");
  }
}
