// `/v1/environments`: where sessions run.
import type { CreateEnvironmentInput, Environment, UpdateEnvironmentInput } from "../contract/environments.ts";
import type { Page } from "./page.ts";
import type { Transport } from "./transport.ts";

export function createEnvironmentsClient(transport: Transport) {
  const path = (environmentId: string) => `/v1/environments/${encodeURIComponent(environmentId)}`;
  return {
    create: (input: CreateEnvironmentInput) => transport.json<Environment>("POST", "/v1/environments", { body: input }),
    get: (environmentId: string, signal?: AbortSignal) =>
      transport.json<Environment>("GET", path(environmentId), signal ? { signal } : {}),
    update: (environmentId: string, input: UpdateEnvironmentInput) =>
      transport.json<Environment>("POST", path(environmentId), { body: input }),
    /** Adds to what is allowed; a host that is allowed already stays. */
    allowHost: (environmentId: string, host: string) =>
      transport.json<Environment>("POST", `${path(environmentId)}/allowed_hosts`, { body: { host } }),
    /** It takes no new sessions; those that it has go on. */
    archive: (environmentId: string) => transport.json<Environment>("POST", `${path(environmentId)}/archive`),
    /** It is not seen again; the sessions that it has go on. */
    delete: (environmentId: string) =>
      transport.json<{ id: string; type: "environment_deleted" }>("DELETE", path(environmentId)),
    list: (query: { limit?: number; page?: string; include_archived?: boolean } = {}, signal?: AbortSignal) =>
      transport.json<Page<Environment>>("GET", "/v1/environments", { query, ...(signal ? { signal } : {}) }),
  };
}
