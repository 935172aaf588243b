// The API as one Hono app: request ids, authentication, all routes, and the one place where errors become answers.
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Agents } from "../agents/agents.ts";
import type { Environments } from "../agents/environments.ts";
import type { LicenceList } from "../contract/licences.ts";
import type { Clock } from "../lib/clock.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { Credentials } from "../secrets/credentials.ts";
import type { ValidateCredential } from "../secrets/validate-credential.ts";
import type { Vaults } from "../secrets/vaults.ts";
import type { ReadEgressRequests } from "../sessions/egress-requests.ts";
import type { ForkSession } from "../sessions/fork-session.ts";
import type { ListedSnapshots } from "../sessions/listed-snapshots.ts";
import type { ReadOverview } from "../sessions/overview.ts";
import type { RetryTurn } from "../sessions/retry-turn.ts";
import type { RewindSession } from "../sessions/rewind-session.ts";
import type { SendEvents } from "../sessions/send-events.ts";
import type { SessionFiles } from "../sessions/session-files.ts";
import type { SessionPorts } from "../sessions/session-ports.ts";
import type { SessionResources } from "../sessions/session-resources.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { ReadTimeline } from "../sessions/timeline.ts";
import type { WithdrawMessage } from "../sessions/withdraw-message.ts";
import type { Access } from "../teams/access.ts";
import type { ApiKeys } from "../teams/api-keys.ts";
import type { Changes } from "../teams/idempotency.ts";
import type { PortPreviewAccess } from "../teams/port-preview-access.ts";
import type { TeamNetworkings } from "../teams/team-networking.ts";
import type { Usage } from "../teams/usage.ts";
import { agentRoutes } from "./agents.ts";
import { authRoutes, factsOf } from "./auth.ts";
import { authenticate } from "./authenticate.ts";
import { docsRoutes } from "./docs.ts";
import { egressRequestRoutes } from "./egress-requests.ts";
import { environmentRoutes } from "./environments.ts";
import { expectedError, type TranslateError, toErrorAnswer } from "./errors.ts";
import { eventRoutes } from "./events.ts";
import { fileRoutes } from "./files.ts";
import { type HealthFacts, healthRoutes } from "./health.ts";
import { keyRoutes } from "./keys.ts";
import { licenceRoutes } from "./licences.ts";
import { type ModelCatalog, modelRoutes } from "./models.ts";
import { overviewRoutes } from "./overview.ts";
import type { PortPreviewPlace } from "./port-preview-address.ts";
import { portPreviewRoutes } from "./port-previews.ts";
import { rewindRoutes } from "./rewind.ts";
import { type Api, createRoutes } from "./route.ts";
import { sessionResourceRoutes } from "./session-resources.ts";
import { sessionRoutes } from "./sessions.ts";
import { snapshotRoutes } from "./snapshots.ts";
import { teamNetworkingRoutes } from "./team-networking.ts";
import { timelineRoutes } from "./timeline.ts";
import { usageRoutes } from "./usage.ts";
import { vaultRoutes } from "./vaults.ts";

export type ApiOptions = {
  access: Access;
  apiKeys: ApiKeys;
  changes: Changes;
  agents: Agents;
  environments: Environments;
  teamNetworkings: TeamNetworkings;
  vaults: Vaults;
  credentials: Credentials;
  validateCredential: ValidateCredential;
  sessions: Sessions;
  sessionResources: SessionResources;
  sendEvents: SendEvents;
  withdrawMessage: WithdrawMessage;
  retryTurn: RetryTurn;
  rewindSession: RewindSession;
  forkSession: ForkSession;
  files: SessionFiles;
  ports: SessionPorts;
  portPreviews: PortPreviewAccess;
  portPreviewPlace: PortPreviewPlace;
  snapshots: ListedSnapshots;
  readLicences: () => LicenceList;
  usage: Usage;
  readOverview: ReadOverview;
  readTimeline: ReadTimeline;
  readEgressRequests: ReadEgressRequests;
  models: ModelCatalog;
  readHealthFacts: () => Promise<HealthFacts>;
  translate: TranslateError;
  logger: Logger;
  clock: Clock;
  version: string;
};

export function createApi(options: ApiOptions): Api {
  const { access, logger, clock, translate, version } = options;
  const expected = (error: unknown) => expectedError(error, translate);
  const routes = createRoutes({ changes: options.changes, clock, expected });
  const { app } = routes;

  app.use("*", async (context, next) => {
    const requestId = newId("request");
    context.set("requestId", requestId);
    await next();
    context.header("request-id", requestId);
    context.header("x-content-type-options", "nosniff");
    if (!context.res.headers.has("cache-control")) context.header("cache-control", "no-store");
  });
  app.route("/", healthRoutes({ readFacts: options.readHealthFacts, version }));
  app.route("/auth", authRoutes({ access }));
  docsRoutes(app, { version });

  app.use("/v1/*", async (context, next) => {
    context.set("caller", await authenticate(access, factsOf(context)));
    await next();
  });
  agentRoutes(routes, options.agents);
  environmentRoutes(routes, options.environments);
  teamNetworkingRoutes(routes, options.teamNetworkings);
  vaultRoutes(routes, options);
  sessionRoutes(routes, options.sessions);
  sessionResourceRoutes(routes, options.sessionResources);
  eventRoutes(routes, options);
  fileRoutes(routes, options.files);
  portPreviewRoutes(routes, options);
  snapshotRoutes(routes, options.snapshots);
  licenceRoutes(routes, options.readLicences);
  usageRoutes(routes, options.usage);
  overviewRoutes(routes, options.readOverview);
  timelineRoutes(routes, options.readTimeline);
  egressRequestRoutes(routes, options.readEgressRequests);
  rewindRoutes(routes, options);
  modelRoutes(routes, options.models);
  keyRoutes(routes, options.apiKeys);

  app.notFound((context) => {
    throw new PlatformError("not_found", `There is no ${context.req.method} ${context.req.path}.`);
  });
  app.onError((error, context) => {
    const failure = expected(error);
    const requestId = context.get("requestId") ?? newId("request");
    if (failure.code === "internal") logger.error({ err: error, requestId, path: context.req.path }, "request failed");
    else if (failure.status >= 500)
      logger.warn({ err: error, requestId, path: context.req.path }, "request could not be served");
    const answer = toErrorAnswer(failure, requestId);
    // The status comes from our own table, which holds only codes that may have a body.
    return context.json(answer.body, answer.status as ContentfulStatusCode, answer.headers);
  });

  return app;
}
