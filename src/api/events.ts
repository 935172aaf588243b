// `/v1/sessions/{id}/events`: write to a session and read its log. The live stream of the same path is event-stream.ts.
import { z } from "zod";
import { sendEventsInput } from "../contract/events.ts";
import { PREVIEWED_TYPES } from "../contract/previews.ts";
import { listEventsQuery } from "../contract/sessions.ts";
import type { RetryTurn } from "../sessions/retry-turn.ts";
import type { SendEvents } from "../sessions/send-events.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { WithdrawMessage } from "../sessions/withdraw-message.ts";
import { eventObject, pageOf, sessionObject } from "./objects.ts";
import type { Routes } from "./route.ts";

export function eventRoutes(
  routes: Routes,
  {
    sessions,
    sendEvents,
    withdrawMessage,
    retryTurn,
  }: { sessions: Sessions; sendEvents: SendEvents; withdrawMessage: WithdrawMessage; retryTurn: RetryTurn },
): void {
  const tag = "Events";
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}/events",
      tag,
      summary: "Send events to a session",
      description:
        "Answers the stored events. `processed_at` is null until the agent takes an event in. Berth's own: a `user.tool_confirmation` with `remember: true` also allows the call's tool from now on in this session.",
      body: sendEventsInput,
      answer: z.object({ data: z.array(eventObject) }),
    },
    (tx, { teamId, sender, params, body }) =>
      sendEvents(tx, teamId, { sessionId: params("session_id"), events: body.events, sender }),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}/events/{event_id}/withdraw",
      tag,
      summary: "Take a queued message back (Berth's own)",
      description:
        "Answers the message with `withdrawn: true`; the agent never sees it. 409 once the agent has read it. The log keeps both entries of the message, the second with `withdrawn: true`.",
      answer: eventObject,
    },
    (tx, { teamId, params }) =>
      withdrawMessage(tx, teamId, { sessionId: params("session_id"), eventId: params("event_id") }),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}/retry",
      tag,
      summary: "Try a turn again that was given up (Berth's own)",
      description:
        "For a session that is idle with `retries_exhausted`: the model is asked again with the conversation as it is. 409 otherwise.",
      answer: sessionObject,
    },
    (tx, { teamId, params }) => retryTurn(tx, teamId, params("session_id")),
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
      "Frames carry `id: <seq>`. The stream begins now; with the header `Last-Event-ID` (or `?after=`) it begins after that event, 0 replays all. `event_deltas[]=agent.message` adds previews of messages while they are written, `agent.tool_result` the output of commands while they run. See docs/event-stream.md.",
    security: [{ apiKey: [] }, { bearer: [] }],
    request: {
      params: z.object({ session_id: z.string() }),
      query: z.object({
        "event_deltas[]": z.array(z.enum(PREVIEWED_TYPES)).optional(),
        after: z.string().optional(),
      }),
    },
    responses: { 200: { description: "The stream", content: { "text/event-stream": { schema: z.string() } } } },
  });
}
