// `/v1/sessions/{id}/rewind` and `/fork`: back to an earlier message, here or in a new session. Berth's own additions.
import { forkInput, rewindInput } from "../contract/rewind.ts";
import type { ForkSession } from "../sessions/fork-session.ts";
import type { RewindSession } from "../sessions/rewind-session.ts";
import { sessionObject } from "./objects.ts";
import type { Routes } from "./route.ts";

export function rewindRoutes(routes: Routes, use: { rewindSession: RewindSession; forkSession: ForkSession }): void {
  const tag = "Sessions";
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}/rewind",
      tag,
      summary: "Take a session back to just before an earlier message",
      description:
        "Berth's own addition. `event_id` names a `user.message` that the agent has read: it and everything after it leaves the conversation. The log keeps it all; `session.rewound` says where. 409 while the session runs.",
      body: rewindInput,
      answer: sessionObject,
    },
    (tx, { teamId, params, body }) =>
      use.rewindSession(tx, teamId, { sessionId: params("session_id"), eventId: body.event_id }),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}/fork",
      tag,
      summary: "Begin a new session as a copy of this one, up to an earlier message or up to now",
      description:
        "Berth's own addition. The copy has the conversation before `event_id`, the same agent, environment and metadata, and usage of its own from zero. Its first own entry is `session.forked`. Without `event_id` the source must be idle.",
      body: forkInput,
      answer: sessionObject,
    },
    (tx, { teamId, params, body }) =>
      use.forkSession(tx, teamId, { sessionId: params("session_id"), eventId: body.event_id, title: body.title }),
  );
}
