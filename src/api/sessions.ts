// `/v1/sessions`: conversations with an agent that keeps its place.

import { z } from "zod";
import { PREVIEWED_TYPES } from "../contract/previews.ts";
import { createSessionInput, listSessionsQuery, updateSessionInput } from "../contract/sessions.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { bidirectionalPageOf, sessionObject } from "./objects.ts";
import type { Routes } from "./route.ts";
import { MAX_FOLLOWED } from "./team-stream.ts";

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
      secretBody: true,
    },
    (tx, { teamId, sender, body }) => sessions.create(tx, teamId, { input: body, sender }),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/sessions",
      tag,
      summary: "List sessions",
      description:
        "Berth's own: `search` finds parts of titles, in any case, or one id; `waiting_for` chooses sessions that wait for a person's `tool_confirmation` or a program's `custom_tool_result`, `requires_action` those that wait for either.",
      query: listSessionsQuery,
      answer: bidirectionalPageOf(sessionObject),
    },
    ({ teamId, query }) => sessions.list(teamId, query),
  );
  // Served by team-stream.ts on the raw connection; declared here for the document only, before the route that would match it too.
  routes.app.openAPIRegistry.registerPath({
    method: "get",
    path: "/v1/sessions/stream",
    tags: [tag],
    summary: "Follow all sessions of the team live (server-sent events)",
    description:
      "Berth's own addition. `session_changed` carries a session as it is now, `session_deleted` its id. The stream begins with `resync`: read the list then. With the header `Last-Event-ID` (or `?after=`) it begins with every session that changed since; where that is not known any more, with `resync` and its reason. `session_ids[]=<id>` or `<id>:<seq>` adds the events of that session, from now on or after that event, as `session_event`. See docs/team-stream.md.",
    security: [{ apiKey: [] }, { bearer: [] }],
    request: {
      query: z.object({
        after: z.string().optional(),
        "session_ids[]": z.array(z.string()).max(MAX_FOLLOWED).optional(),
        "event_deltas[]": z.array(z.enum(PREVIEWED_TYPES)).optional(),
      }),
    },
    responses: { 200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } } },
  });
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
