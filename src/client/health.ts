// `/readyz`: which parts work, in words.
import type { Networking } from "../contract/environments.ts";
import { readApiError } from "./api-error.ts";
import type { Transport } from "./transport.ts";

export type PartHealth = {
  ok: boolean;
  state: "ok" | "degraded" | "down";
  /** One sentence for people: what holds, or what is wrong and what to do. */
  detail: string;
  /** Only of the gateway: the built-in demo model answers. */
  demo?: boolean;
  /** Only of the tools: `web_search` has a service to ask. Absent while no worker has told. */
  webSearch?: boolean;
  /** Only of networking: what no environment may exceed. */
  ceiling?: Networking;
};
export type Health = { status: "ready" | "not_ready"; version: string; parts: Record<string, PartHealth> };

export function createHealthClient(transport: Transport) {
  return {
    /** A server that is not ready answers 503 and says in the same words what is missing. */
    async get(signal?: AbortSignal): Promise<Health> {
      const response = await transport.send("GET", "/readyz", signal ? { signal } : {});
      if (response.status !== 200 && response.status !== 503) throw await readApiError(response);
      // Written by the same release's server; a proxy's own 503 has no JSON and fails here.
      return (await response.json()) as Health;
    },
  };
}
