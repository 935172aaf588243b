// `/v1/agents`: definitions of agents and their versions.
import type { Agents } from "../agents/agents.ts";
import { createAgentInput, listAgentsQuery, retrieveAgentQuery, updateAgentInput } from "../contract/agents.ts";
import { agentObject, pageOf, pageQuery } from "./objects.ts";
import type { Routes } from "./route.ts";

export function agentRoutes(routes: Routes, agents: Agents): void {
  const tag = "Agents";
  routes.change(
    {
      method: "post",
      path: "/v1/agents",
      tag,
      summary: "Create an agent",
      body: createAgentInput,
      answer: agentObject,
    },
    (tx, { teamId, body }) => agents.create(tx, teamId, body),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/agents",
      tag,
      summary: "List agents",
      query: listAgentsQuery,
      answer: pageOf(agentObject),
    },
    ({ teamId, query }) => agents.list(teamId, query),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/agents/{agent_id}",
      tag,
      summary: "Read an agent, now or in an earlier version",
      query: retrieveAgentQuery,
      answer: agentObject,
    },
    ({ teamId, params, query }) => agents.get(teamId, params("agent_id"), query.version),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/agents/{agent_id}",
      tag,
      summary: "Change an agent: makes a new version",
      description:
        "With `version`, refused with 409 when the agent has changed since. A change that changes nothing makes no version.",
      body: updateAgentInput,
      answer: agentObject,
    },
    (tx, { teamId, params, body }) => agents.update(tx, teamId, { agentId: params("agent_id"), input: body }),
  );
  routes.change(
    { method: "post", path: "/v1/agents/{agent_id}/archive", tag, summary: "Archive an agent", answer: agentObject },
    (tx, { teamId, params }) => agents.archive(tx, teamId, params("agent_id")),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/agents/{agent_id}/versions",
      tag,
      summary: "List an agent's versions, newest first",
      query: pageQuery,
      answer: pageOf(agentObject),
    },
    ({ teamId, params, query }) => agents.listVersions(teamId, params("agent_id"), query),
  );
}
