// `/v1/team_networking`: what a team's environments get without a choice, and what none of them may exceed. Berth's own addition.
import { z } from "zod";
import { updateTeamNetworkingInput } from "../contract/team-networking.ts";
import type { TeamNetworkings } from "../teams/team-networking.ts";
import { networkingObject } from "./objects.ts";
import type { Routes } from "./route.ts";

const pair = z.strictObject({ default: networkingObject, ceiling: networkingObject });
const teamNetworkingObject = z.strictObject({
  type: z.literal("team_networking"),
  default: networkingObject.nullable(),
  ceiling: networkingObject.nullable(),
  server: pair,
  effective: pair,
  updated_at: z.iso.datetime().nullable(),
});

export function teamNetworkingRoutes(routes: Routes, teamNetworkings: TeamNetworkings): void {
  const tag = "Environments";
  routes.read(
    {
      method: "get",
      path: "/v1/team_networking",
      tag,
      summary: "Read the team's networking",
      description:
        "Berth's own. `default` is what an environment gets that is made without a choice, `ceiling` what none of the team's may exceed; null is what the server says. `effective` is what comes of the team's and the server's: neither is ever exceeded.",
      answer: teamNetworkingObject,
    },
    ({ teamId }) => teamNetworkings.get(teamId),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/team_networking",
      tag,
      summary: "Change the team's networking",
      description:
        "Berth's own. What is absent stays, null takes it away. Refused where it exceeds the server's ceiling, or where the default exceeds the team's own. A ceiling holds within seconds, in running sandboxes and for environments that were made before it: they keep what they say, and reach what lies below.",
      body: updateTeamNetworkingInput,
      answer: teamNetworkingObject,
    },
    (tx, { teamId, body }) => teamNetworkings.update(tx, teamId, body),
  );
}
