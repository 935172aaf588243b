// Typed client of Berth's API, for the dashboard, command line and tests.
import { createAgentsClient } from "./agents.ts";
import { createApiKeysClient } from "./api-keys.ts";
import { createChannelsClient } from "./channels.ts";
import { createEgressRequestsClient } from "./egress-requests.ts";
import { createEnvironmentsClient } from "./environments.ts";
import { createEventsClient } from "./events.ts";
import { createFilesClient } from "./files.ts";
import { createHealthClient } from "./health.ts";
import { createLicencesClient } from "./licences.ts";
import { createModelsClient } from "./models.ts";
import { createOverviewClient } from "./overview.ts";
import { createPortPreviewsClient } from "./port-previews.ts";
import { createSessionsClient } from "./sessions.ts";
import { createSignInClient } from "./sign-in.ts";
import { createTeamNetworkingClient } from "./team-networking.ts";
import { type ClientOptions, createTransport } from "./transport.ts";
import { createUsageClient } from "./usage.ts";
import { createVaultsClient } from "./vaults.ts";

export type BerthClient = ReturnType<typeof createBerthClient>;

export function createBerthClient(options: ClientOptions = {}) {
  const transport = createTransport(options);
  return {
    agents: createAgentsClient(transport),
    apiKeys: createApiKeysClient(transport),
    channels: createChannelsClient(transport),
    egressRequests: createEgressRequestsClient(transport),
    environments: createEnvironmentsClient(transport),
    events: createEventsClient(transport),
    files: createFilesClient(transport),
    health: createHealthClient(transport),
    licences: createLicencesClient(transport),
    models: createModelsClient(transport),
    overview: createOverviewClient(transport),
    portPreviews: createPortPreviewsClient(transport),
    sessions: createSessionsClient(transport),
    signIn: createSignInClient(transport),
    teamNetworking: createTeamNetworkingClient(transport),
    usage: createUsageClient(transport),
    vaults: createVaultsClient(transport),
  };
}
