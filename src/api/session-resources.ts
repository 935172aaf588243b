// `/v1/sessions/{id}/resources`: what a session's sandbox begins with. Tokens go in and never come out.
import { z } from "zod";
import { listQuery } from "../contract/fields.ts";
import { sessionResourceInput, updateSessionResourceInput } from "../contract/session-resources.ts";
import type { SessionResources } from "../sessions/session-resources.ts";
import { pageOf, sessionResourceObject } from "./objects.ts";
import type { Input, Routes } from "./route.ts";

export function sessionResourceRoutes(routes: Routes, resources: SessionResources): void {
  const tag = "Sessions";
  const all = "/v1/sessions/{session_id}/resources";
  const one = `${all}/{resource_id}`;
  const placeOf = ({ teamId, params }: Input<unknown, unknown>) => {
    return { teamId, sessionId: params("session_id"), resourceId: params("resource_id") };
  };
  routes.change(
    {
      method: "post",
      path: all,
      tag,
      summary: "Give a session a repository",
      description: "Berth's own for `github_repository`. It is cloned before the session's next tool runs.",
      body: sessionResourceInput,
      answer: sessionResourceObject,
      secretBody: true,
    },
    (tx, { teamId, params, body }) => resources.add(tx, { teamId, sessionId: params("session_id"), input: body }),
  );
  routes.read(
    {
      method: "get",
      path: all,
      tag,
      summary: "List a session's resources",
      query: z.strictObject(listQuery),
      answer: pageOf(sessionResourceObject),
    },
    ({ teamId, params, query }) => resources.list(teamId, { sessionId: params("session_id"), query }),
  );
  routes.read({ method: "get", path: one, tag, summary: "Read a resource", answer: sessionResourceObject }, (input) =>
    resources.get(placeOf(input)),
  );
  routes.change(
    {
      method: "post",
      path: one,
      tag,
      summary: "Give a repository another token",
      description: "It holds within five seconds, also in a session that runs.",
      body: updateSessionResourceInput,
      answer: sessionResourceObject,
      secretBody: true,
    },
    (tx, input) => resources.updateToken(tx, placeOf(input), input.body.authorization_token),
  );
  routes.change(
    {
      method: "delete",
      path: one,
      tag,
      summary: "Take a repository's token away; its files stay",
      answer: z.object({ id: z.string(), type: z.literal("session_resource_deleted") }),
    },
    (tx, input) => resources.delete(tx, placeOf(input)),
  );
}
