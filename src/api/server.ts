// The HTTP server of a web process: event streams on the raw connection, the API through Hono, everything else to the dashboard.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { ChannelServer } from "./channels.ts";
import { toErrorAnswer } from "./errors.ts";
import { streamedSession } from "./event-stream.ts";
import { type AllowedHosts, hostIsAllowed } from "./host-check.ts";
import type { PortPreviewServer } from "./port-preview-server.ts";
import type { Api } from "./route.ts";
import { isTeamStream } from "./team-stream.ts";

const API_PATH = /^\/(v1|api|auth|docs|healthz|readyz|openapi\.json)(\/|$)/;
const HEADERS_TIMEOUT_MS = 15_000;
/** For a whole request: 32 MB over a slow line. Event streams are answers, they are not limited. */
const REQUEST_TIMEOUT_MS = 300_000;
const KEEP_ALIVE_MS = 75_000;
/** How often Node looks for requests that take too long; its own 30 s would double the limit on headers. */
const LIMITS_CHECKED_MS = 5_000;

/** Of every answer that is not the dashboard's; a route that needs another says so. */
const SECURITY_HEADERS = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
};

export type RawHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export function createApiServer(options: {
  api: Api;
  streamEvents: (
    request: IncomingMessage,
    response: ServerResponse,
    stream: { sessionId: string; search: string },
  ) => Promise<void>;
  streamTeam: (request: IncomingMessage, response: ServerResponse, search: string) => Promise<void>;
  channels: Pick<ChannelServer, "handleUpgrade">;
  portPreviews: Omit<PortPreviewServer, "close">;
  /** The dashboard; null: only the API is served. */
  ui: RawHandler | null;
  allowedHosts: AllowedHosts;
}): Server {
  const { api, streamEvents, streamTeam, portPreviews, ui, allowedHosts } = options;
  const answerByApi = getRequestListener(api.fetch, { overrideGlobalObjects: false });

  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: LIMITS_CHECKED_MS,
      noDelay: true,
    },
    (request, response) => {
      // What runs in a sandbox is another origin: none of its requests may be taken for one to the API, and none of ours for one to it.
      if (portPreviews.handles(request.headers.host)) {
        portPreviews.handleRequest(request, response);
        return;
      }
      if (!hostIsAllowed(request.headers.host, allowedHosts)) {
        refuseHost(request, response);
        return;
      }
      const [pathname = "/", search = ""] = splitUrl(request.url ?? "/");
      if (ui && !API_PATH.test(pathname)) {
        void ui(request, response);
        return;
      }
      for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
      const sessionId = request.method === "GET" ? streamedSession(pathname) : null;
      if (request.method === "GET" && isTeamStream(pathname)) void streamTeam(request, response, search);
      else if (sessionId !== null) void streamEvents(request, response, { sessionId, search });
      else void answerByApi(request, response);
    },
  );
  server.on("upgrade", (request, socket, head) => {
    const handler = portPreviews.handles(request.headers.host) ? portPreviews : options.channels;
    handler.handleUpgrade(request, socket, head);
  });
  return server;
}

function splitUrl(url: string): [string, string] {
  const at = url.indexOf("?");
  return at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at)];
}

function refuseHost(request: IncomingMessage, response: ServerResponse): void {
  const host = JSON.stringify(request.headers.host ?? "");
  const error = new PlatformError(
    "permission_denied",
    `The name ${host} does not belong to this server. Use 127.0.0.1 or localhost, or set HOST.`,
  );
  const answer = toErrorAnswer(error, newId("request"));
  response.writeHead(answer.status, { "content-type": "application/json", connection: "close", ...answer.headers });
  response.end(JSON.stringify(answer.body));
}
