// `/v1/environments`: where sessions run.
import { z } from "zod";
import type { Environments } from "../agents/environments.ts";
import {
  allowHostInput,
  createEnvironmentInput,
  listEnvironmentsQuery,
  updateEnvironmentInput,
} from "../contract/environments.ts";
import { environmentObject, pageOf } from "./objects.ts";
import type { Routes } from "./route.ts";

export function environmentRoutes(routes: Routes, environments: Environments): void {
  const tag = "Environments";
  routes.change(
    {
      method: "post",
      path: "/v1/environments",
      tag,
      summary: "Create an environment",
      body: createEnvironmentInput,
      answer: environmentObject,
    },
    (tx, { teamId, body }) => environments.create(tx, teamId, body),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/environments",
      tag,
      summary: "List environments",
      query: listEnvironmentsQuery,
      answer: pageOf(environmentObject),
    },
    ({ teamId, query }) => environments.list(teamId, query),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/environments/{environment_id}",
      tag,
      summary: "Read an environment",
      answer: environmentObject,
    },
    ({ teamId, params }) => environments.get(teamId, params("environment_id")),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/environments/{environment_id}",
      tag,
      summary: "Change an environment",
      body: updateEnvironmentInput,
      answer: environmentObject,
    },
    (tx, { teamId, params, body }) =>
      environments.update(tx, teamId, { environmentId: params("environment_id"), input: body }),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/environments/{environment_id}/allowed_hosts",
      tag,
      summary: "Allow one more host in an environment with a limited network",
      description:
        "Berth's own. Adds to the hosts that are allowed at this moment; one that is among them already changes nothing. Holds in running sessions within seconds.",
      body: allowHostInput,
      answer: environmentObject,
    },
    (tx, { teamId, params, body }) =>
      environments.allowHost(tx, teamId, { environmentId: params("environment_id"), host: body.host }),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/environments/{environment_id}/archive",
      tag,
      summary: "Archive an environment: it takes no new sessions",
      answer: environmentObject,
    },
    (tx, { teamId, params }) => environments.archive(tx, teamId, params("environment_id")),
  );
  routes.change(
    {
      method: "delete",
      path: "/v1/environments/{environment_id}",
      tag,
      summary: "Delete an environment; its sessions go on",
      answer: z.object({ id: z.string(), type: z.literal("environment_deleted") }),
    },
    (tx, { teamId, params }) => environments.delete(tx, teamId, params("environment_id")),
  );
}
