// `/v1/team_networking`: what a team's environments get without a choice, and what none of them may exceed.
import type { TeamNetworking, UpdateTeamNetworkingInput } from "../contract/team-networking.ts";
import type { Transport } from "./transport.ts";

export function createTeamNetworkingClient(transport: Transport) {
  const path = "/v1/team_networking";
  return {
    get: (signal?: AbortSignal) => transport.json<TeamNetworking>("GET", path, signal ? { signal } : {}),
    /** What is absent stays; null takes it away. */
    update: (input: UpdateTeamNetworkingInput) => transport.json<TeamNetworking>("POST", path, { body: input }),
  };
}
