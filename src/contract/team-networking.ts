// A team's own networking: what its environments get without a choice, and what none of them may exceed. Berth's own addition.
import { z } from "zod";
import { limitedNetworking, type Networking, networkingInput } from "./environments.ts";

export type TeamNetworking = {
  type: "team_networking";
  /** Of environments that are made without a choice; null: the server's. */
  default: Networking | null;
  /** What no environment of the team may exceed; null: the team adds none to the server's. Always limited. */
  ceiling: Networking | null;
  /** Of this server, for all its teams. */
  server: { default: Networking; ceiling: Networking };
  /** What comes of both: what a new environment gets now, and what none exceeds. */
  effective: { default: Networking; ceiling: Networking };
  /** Null: the team has said nothing yet. */
  updated_at: string | null;
};

/** What is absent stays; null takes it away. */
export const updateTeamNetworkingInput = z.strictObject({
  default: networkingInput.nullish(),
  ceiling: limitedNetworking.nullish(),
});
export type UpdateTeamNetworkingInput = z.infer<typeof updateTeamNetworkingInput>;
