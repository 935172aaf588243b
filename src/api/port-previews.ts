// `/v1/sessions/{id}/ports` and `/previews`: what listens in a session's sandbox, and links to it. Berth's own addition.
import { listeningPorts, portPreviewInput, portPreviewObject } from "../contract/port-previews.ts";
import { PlatformError } from "../lib/errors.ts";
import type { SessionPorts } from "../sessions/session-ports.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { PortPreviewAccess } from "../teams/port-preview-access.ts";
import { type PortPreviewPlace, previewOrigin } from "./port-preview-address.ts";
import { TICKET_PARAMETER } from "./port-preview-entry.ts";
import type { Routes } from "./route.ts";

export function portPreviewRoutes(
  routes: Routes,
  options: {
    ports: SessionPorts;
    sessions: Sessions;
    portPreviews: PortPreviewAccess;
    portPreviewPlace: PortPreviewPlace;
  },
): void {
  const { ports, sessions, portPreviews, portPreviewPlace } = options;
  const tag = "Port previews (Berth)";
  routes.read(
    {
      method: "get",
      path: "/v1/sessions/{session_id}/ports",
      tag,
      summary: "List the ports on which something listens in a session's sandbox",
      description: "On loopback, as seen from inside. A sandbox that sleeps is not woken, and this is no use of it.",
      answer: listeningPorts,
    },
    ({ teamId, params }) => ports.list(teamId, params("session_id")),
  );
  routes.change(
    {
      method: "post",
      path: "/v1/sessions/{session_id}/previews",
      tag,
      summary: "Make a link that shows a port of a session's sandbox in a browser",
      description:
        "The link is good for one visit within a minute, by whoever has it. The visit ends after an hour without use or twelve hours, with the session, and with the key or the login that asked for it. Repeated with the same Idempotency-Key, the answer has `url: null`.",
      body: portPreviewInput,
      answer: portPreviewObject,
      toKeep: (answer) => ({ ...answer, url: null }),
    },
    async (tx, { teamId, params, body, grantor, host }) => {
      const session = await sessions.get(teamId, params("session_id"));
      if (session.archived_at !== null || session.status === "terminated")
        throw new PlatformError("invalid_request", `Session ${session.id} is over: its sandbox is closed.`);
      const at = { sessionId: session.id, port: body.port };
      const origin = previewOrigin(at, portPreviewPlace, host);
      if (origin === null)
        throw new PlatformError(
          "invalid_request",
          "Port previews need a domain of their own where Berth is reached from other machines. Set BERTH_PREVIEW_URL: docs/configuration.md",
        );
      const { ticket, expiresAt } = await portPreviews.issue(tx, { ...at, teamId, grantor });
      return {
        type: "port_preview" as const,
        session_id: session.id,
        port: body.port,
        url: `${origin}/?${TICKET_PARAMETER}=${ticket}`,
        expires_at: expiresAt.toISOString(),
      };
    },
  );
}
