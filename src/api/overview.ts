// `/v1/overview`: what is running now. Berth's own addition.
import { overview, overviewQuery } from "../contract/overview.ts";
import type { ReadOverview } from "../sessions/overview.ts";
import type { Routes } from "./route.ts";

export function overviewRoutes(routes: Routes, readOverview: ReadOverview): void {
  routes.read(
    {
      method: "get",
      path: "/v1/overview",
      tag: "Operation (Berth)",
      summary: "Read what is running now",
      description:
        "The team's sessions by state, those with work one by one (who holds them, since when), the queue of all teams, workers, sandboxes with their memory, and the database.",
      query: overviewQuery,
      answer: overview,
    },
    ({ teamId, query }) => readOverview(teamId, { measured: query.measured ?? false }),
  );
}
