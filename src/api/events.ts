// `/v1/sessions/{id}/events`: write to a session and read its log. The live stream of the same path is event-stream.ts.
import { z } from "zod";
import { sendEventsInput } from "../contract/events.ts";
import { listEventsQuery } from "../contract/sessions.ts";
import type { SendEvents } from "../sessions/send-events.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { eventObject, pageOf } from "./objects.ts";
import type { Routes } from "./route.ts";

export function eventRoutes(
  routes: Routes,
  { sessions, sendEvents }: { sessions: Sessions; sendEvents: SendEvents },
): void {
  const tag = "Events";
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}/events",
      tag,
      summary: "Send events to a session",
      description: "Answers the stored events. `processed_at` is null until the agent takes an event in.",
      body: sendEventsInput,
      answer: z.object({ data: z.array(eventObject) }),
    },
    (tx, { teamId, sender, params, body }) =>
      sendEvents(tx, teamId, { sessionId: params("session_id"), events: body.events, sender }),
  );
  routes.read(
    {
      method: "get",
      path: "/v1/sessions/{session_id}/events",
      tag,
      summary: "Read a session's log in pages",
      query: listEventsQuery,
      answer: pageOf(eventObject),
    },
    ({ teamId, params, query }) => sessions.listEvents(teamId, params("session_id"), query),
  );
  // Served by event-stream.ts on the raw connection; declared here for the document only.
  routes.app.openAPIRegistry.registerPath({
    method: "get",
    path: "/v1/sessions/{session_id}/events/stream",
    tags: [tag],
    summary: "Follow a session's log live (server-sent events)",
    description:
      "Frames carry `id: <seq>`. The stream begins now; with the header `Last-Event-ID` (or `?after=`) it begins after that event, 0 replays all. `event_deltas[]=agent.message` adds previews of messages while they are written.",
    security: [{ apiKey: [] }, { bearer: [] }],
    request: {
      params: z.object({ session_id: z.string() }),
      query: z.object({
        "event_deltas[]": z.array(z.enum(["agent.message", "agent.thinking"])).optional(),
        after: z.string().optional(),
      }),
    },
    responses: { 200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } } },
  });
}
