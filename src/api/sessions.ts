// `/v1/sessions`: conversations with an agent that keeps its place.
import { z } from "zod";
import { createSessionInput, listSessionsQuery, updateSessionInput } from "../contract/sessions.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { bidirectionalPageOf, sessionObject } from "./objects.ts";
import type { Routes } from "./route.ts";

export function sessionRoutes(routes: Routes, sessions: Sessions): void {
  const tag = "Sessions";
  routes.change(
    {
      method: "post",
      path: "/v1/sessions",
      tag,
      summary: "Create a session",
      description:
        "`agent_id` may be sent for `agent`. Without `environment_id` the team's default environment is used.",
      body: createSessionInput,
      answer: sessionObject,
    },
    (tx, { teamId, body }) => sessions.create(tx, teamId, body),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/sessions",
      tag,
      summary: "List sessions",
      query: listSessionsQuery,
      answer: bidirectionalPageOf(sessionObject),
    },
    ({ teamId, query }) => sessions.list(teamId, query),
  );
  routes.read(
    { method: "get", path: "/v1/sessions/{session_id}", tag, summary: "Read a session", answer: sessionObject },
    ({ teamId, params }) => sessions.get(teamId, params("session_id")),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}",
      tag,
      summary: "Change a session's title, metadata, budget or tools",
      body: updateSessionInput,
      answer: sessionObject,
    },
    (tx, { teamId, params, body }) => sessions.update(tx, teamId, { sessionId: params("session_id"), input: body }),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}/archive",
      tag,
      summary: "Archive a session: its log stays readable, it takes no more events",
      answer: sessionObject,
    },
    (tx, { teamId, params }) => sessions.archive(tx, teamId, params("session_id")),
  );
  routes.change(
    {
      method: "delete",
      path: "/v1/sessions/{session_id}",
      tag,
      summary: "Delete a session with its log and its sandbox",
      answer: z.object({ id: z.string(), type: z.literal("session_deleted") }),
    },
    (tx, { teamId, params }) => sessions.delete(tx, teamId, params("session_id")),
  );
}
