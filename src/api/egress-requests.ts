// `/v1/egress_requests`: what sessions asked of the outside. Berth's own addition.
import { egressRequestObject, egressRequestsQuery } from "../contract/egress-requests.ts";
import type { ReadEgressRequests } from "../sessions/egress-requests.ts";
import { pageOf } from "./objects.ts";
import type { Routes } from "./route.ts";

export function egressRequestRoutes(routes: Routes, readEgressRequests: ReadEgressRequests): void {
  routes.read(
    {
      method: "get",
      path: "/v1/egress_requests",
      tag: "Environments",
      summary: "List what sessions asked of the outside",
      description:
        "Newest first: each request of a sandbox, of the MCP client and of the web tools, and what the server asks to renew or try a credential (`source`), with the rule that let it through or refused it. Without queries, headers and bodies. `session_id`, `environment_id`, `host`, `source`, `decision` and `suspicious` narrow the list. Kept for 30 days, beyond the session that asked.",
      query: egressRequestsQuery,
      answer: pageOf(egressRequestObject),
    },
    ({ teamId, query }) => readEgressRequests(teamId, query),
  );
}
