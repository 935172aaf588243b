// `/v1/usage`: what the team used. Berth's own addition.
import { usageQuery, usageReport } from "../contract/usage.ts";
import type { Usage } from "../teams/usage.ts";
import type { Routes } from "./route.ts";

export function usageRoutes(routes: Routes, usage: Usage): void {
  routes.read(
    {
      method: "get",
      path: "/v1/usage",
      tag: "Usage (Berth)",
      summary: "Read what was used",
      description:
        "Tokens, requests, tool calls, active time and cost from `starting_on` to `ending_on` (UTC days, both included; without them the last 30 days), summed by `group_by[]`: any of day, agent, model, session. The usage of deleted sessions stays. Cost is exact; where `unpriced_requests` is above zero it is a lower bound.",
      query: usageQuery,
      answer: usageReport,
    },
    ({ teamId, query }) => usage.report(teamId, query),
  );
}
