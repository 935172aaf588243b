// Port previews: requests to names below their domain, which never reach API or dashboard. Who has a visit sees one port of one sandbox.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { hasCode, messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { SessionPorts } from "../sessions/session-ports.ts";
import type { Access } from "../teams/access.ts";
import type { PortPreviewAccess, PreviewedPort } from "../teams/port-preview-access.ts";
import { bearerOf } from "./authenticate.ts";
import { expectedError, type TranslateError } from "./errors.ts";
import { type PortPreviewPlace, readPreviewHost } from "./port-preview-address.ts";
import { createPortPreviewConnections } from "./port-preview-connections.ts";
import { comesFromOwnPages, isServiceWorker, isVisit, readTicket } from "./port-preview-entry.ts";
import { framingOf, previewCookie, previewCookiesOf } from "./port-preview-headers.ts";
import { type PageWords, sendPage, WAITING_HEADER } from "./port-preview-page.ts";
import { forwardRequest, forwardUpgrade } from "./port-preview-proxy.ts";

export type PortPreviewServer = ReturnType<typeof createPortPreviewServer>;

/** A request that may be answered by the app. */
type Admitted = { at: PreviewedPort; teamId: string; visit: string; origin: string };

const NO_PREVIEW: PageWords = {
  status: 404,
  title: "There is no port preview here",
  text: "The address names no port of a session. Open it with: berth preview <session> <port>",
};
const notFromHere: PageWords = {
  status: 403,
  title: "This request comes from another site's page",
  text: "A port preview answers its own pages only. Open it in a tab of its own.",
};
const noServiceWorkers: PageWords = {
  status: 403,
  title: "Port previews register no service workers",
  text: "One would outlive the preview in your browser. The app has to work without it here.",
};
const closed = ({ sessionId, port }: PreviewedPort): PageWords => ({
  status: 403,
  title: "This link does not open the port any more",
  text: `It was used already, is older than a minute, or its access has ended. Open the port again with: berth preview ${sessionId} ${port}`,
});

export function createPortPreviewServer(options: {
  access: Access;
  portPreviews: PortPreviewAccess;
  ports: SessionPorts;
  place: PortPreviewPlace;
  translate: TranslateError;
  logger: Logger;
}) {
  const { access, portPreviews, ports, place, translate, logger } = options;
  const connections = createPortPreviewConnections({ portPreviews, ports, logger });
  const isSecure = place.reached?.scheme === "https";
  const originOf = (request: IncomingMessage) => `${isSecure ? "https" : "http"}://${request.headers.host ?? ""}`;

  /** Whoever may, or why not. */
  async function admit(request: IncomingMessage): Promise<Admitted | PageWords> {
    const at = readPreviewHost(request.headers.host, place)?.preview;
    if (!at || !request.url?.startsWith("/")) return NO_PREVIEW;
    const origin = originOf(request);
    const admitted = await portPreviews.admit(previewCookiesOf(request.headers.cookie, isSecure), at);
    return admitted === null ? closed(at) : { ...admitted, at, origin };
  }

  /** Exchanges a ticket for a cookie; true when that was the whole answer. */
  async function enter(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const link = request.method === "GET" ? readTicket(request.url ?? "") : null;
    const at = readPreviewHost(request.headers.host, place)?.preview;
    if (!link || !at) return false;
    const visit = await portPreviews.exchange(link.ticket, at);
    // A link that was used stays in a tab that is already in.
    if (visit === null && "status" in (await admit(request))) return false;
    response.writeHead(303, {
      location: link.rest,
      "cache-control": "no-store",
      "referrer-policy": "no-referrer",
      "content-length": 0,
      ...(visit === null ? {} : { "set-cookie": previewCookie(isSecure, visit) }),
    });
    response.end();
    return true;
  }

  /**
   * Names of headers that hold a key of this server: no app gets one, whoever sent it there. An app that gets its visitor's header sees that it is
   * no key, so its page could try them: each preview has as many wrong ones as an address. Throws `rate_limited`.
   */
  async function secretsOf({ headersDistinct }: IncomingMessage, { sessionId }: PreviewedPort): Promise<Set<string>> {
    const found = new Set<string>();
    for (const name of ["x-api-key", "authorization"]) {
      const [first, ...more] = headersDistinct[name] ?? [];
      const key = name === "authorization" ? bearerOf(first) : first;
      // Of two of a name each reader takes another one.
      if (more.length > 0) found.add(name);
      else if (key !== undefined && (await access.holderOfKey(key, `preview of ${sessionId}`)) !== null)
        found.add(name);
    }
    return found;
  }

  const connect = ({ at, teamId }: Admitted, wake: boolean) => ports.connect(teamId, { ...at, wake });

  /** Asked by our own page, while nothing listens. */
  async function lookAgain(admitted: Admitted, response: ServerResponse): Promise<void> {
    let status = 204;
    try {
      (await connect(admitted, false)).destroy();
    } catch (error) {
      if (!hasCode(error, "not_found") && !hasCode(error, "sandbox_gone")) throw error;
      status = 404;
    }
    response.writeHead(status, { "cache-control": "no-store" }).end();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (await enter(request, response)) return;
    const admitted = await admit(request);
    if ("status" in admitted) return sendPage(request, response, admitted);
    if (isServiceWorker(request)) return sendPage(request, response, noServiceWorkers);
    if (!comesFromOwnPages(request, admitted.origin)) return sendPage(request, response, notFromHere);
    if (request.headers[WAITING_HEADER] !== undefined) return lookAgain(admitted, response);
    const connection = connections.enter(admitted);
    if (!connection) return sendPage(request, response, tooMany());
    response.once("close", connection.leave);
    const socket = await connect(admitted, isVisit(request));
    connection.use(() => {
      socket.destroy();
      response.destroy();
    });
    const at = { origin: admitted.origin, port: admitted.at.port };
    const problem = await forwardRequest({
      request,
      response,
      socket,
      at,
      secrets: await secretsOf(request, admitted.at),
    });
    if (problem !== null) sendPage(request, response, appFailed(admitted.at, problem));
  }

  async function answerUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const admitted = await admit(request);
    if ("status" in admitted) return refuseUpgrade(socket, admitted.status, admitted.title);
    const { origin } = request.headers;
    if (origin !== undefined && origin !== admitted.origin)
      return refuseUpgrade(socket, notFromHere.status, notFromHere.title);
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return refuseUpgrade(socket, 400, "Only WebSockets");
    // RFC 6455, section 4.1. A body would be what the parser has left of the connection.
    if (request.method !== "GET" || framingOf(request.rawHeaders).length > 0)
      return refuseUpgrade(socket, 400, "A WebSocket is asked for by a GET request without a body");
    const connection = connections.enter(admitted);
    if (!connection) return refuseUpgrade(socket, tooMany().status, tooMany().title);
    socket.once("close", connection.leave);
    const app = await connect(admitted, false);
    connection.use(() => {
      app.destroy();
      socket.destroy();
    });
    const at = { origin: admitted.origin, port: admitted.at.port };
    forwardUpgrade({ request, socket, head, app, at, secrets: await secretsOf(request, admitted.at) });
  }

  /** In words; what nobody expects is logged. */
  function wordsOf(error: unknown, request: IncomingMessage): PageWords {
    const at = readPreviewHost(request.headers.host, place)?.preview;
    const { code, status, message } = expectedError(error, translate);
    if (at && code === "not_found") return nothingListens(at);
    if (code === "internal") logger.error({ err: error }, "a port preview could not be served");
    else logger.debug({ err: error }, "a port preview could not be served");
    if (code === "sandbox_gone")
      return { status: 503, title: "The sandbox sleeps", text: "Load the page again to wake it.", retryAfterS: 5 };
    const text = code === "internal" ? "Something went wrong on the server. Its log says more." : message;
    return { status, title: "The port cannot be shown", text, ...(status === 503 ? { retryAfterS: 5 } : {}) };
  }

  return {
    /** This name is of a port preview: nothing else may answer. */
    handles: (hostHeader: string | undefined): boolean => readPreviewHost(hostHeader, place) !== null,

    handleRequest(request: IncomingMessage, response: ServerResponse): void {
      answer(request, response).catch((error: unknown) => {
        if (response.headersSent || response.destroyed) {
          logger.debug({ why: messageOf(error) }, "a port preview was cut off");
          response.destroy();
        } else sendPage(request, response, wordsOf(error, request));
      });
    },

    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      socket.on("error", () => socket.destroy());
      answerUpgrade(request, socket, head).catch((error: unknown) => {
        const { status, title } = wordsOf(error, request);
        refuseUpgrade(socket, status, title);
      });
    },

    close: connections.close,
  };
}

const tooMany = (): PageWords => ({
  status: 503,
  title: "Too many connections to this sandbox at once",
  text: "Close some tabs of the app, or wait a moment.",
  retryAfterS: 1,
});

const nothingListens = ({ port }: PreviewedPort): PageWords => ({
  status: 502,
  title: `Nothing listens on port ${port} yet`,
  text: "This page looks again every two seconds, and shows the app when it is up. Ask the agent to start it, if it is not on its way.",
  waits: true,
});

const appFailed = ({ port }: PreviewedPort, problem: "cut" | "silent"): PageWords =>
  problem === "silent"
    ? { status: 504, title: `The app on port ${port} does not answer`, text: "It took the request, and said nothing." }
    : {
        status: 502,
        title: `The app on port ${port} gave no answer`,
        text: "It ended the connection, or what it says is not HTTP. Look at its output in the session.",
      };

function refuseUpgrade(socket: Duplex, status: number, text: string): void {
  if (socket.destroyed) return;
  // No time limit holds for it any more: a client that never ends its side would keep it.
  socket.once("finish", () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
