// `/v1/sessions/{id}/ports` and `/previews`: what listens in a session's sandbox, and links to it.
import type { ListeningPorts, PortPreview } from "../contract/port-previews.ts";
import { sessionPath } from "./sessions.ts";
import type { Transport } from "./transport.ts";

export function createPortPreviewsClient(transport: Transport) {
  const make = (sessionId: string, port: number) =>
    transport.json<PortPreview>("POST", `${sessionPath(sessionId)}/previews`, { body: { port } });
  return {
    /** Wakes nothing. */
    ports: (sessionId: string, signal?: AbortSignal) =>
      transport.json<ListeningPorts>("GET", `${sessionPath(sessionId)}/ports`, signal ? { signal } : {}),
    /** A link that opens the port once, within a minute. */
    async create(sessionId: string, port: number): Promise<PortPreview> {
      const made = await make(sessionId, port);
      // Its answer was lost on the way, and does not come twice: another link is as good.
      return made.url === null ? make(sessionId, port) : made;
    },
  };
}
