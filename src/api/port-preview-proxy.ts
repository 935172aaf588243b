// One request, or one WebSocket, over a connection into a sandbox. Bodies stream both ways; what the app says is parsed strictly before it is passed on.
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { type Duplex, pipeline } from "node:stream";
import { withoutTicket } from "./port-preview-entry.ts";
import { framingOf, headersToApp, headersToBrowser, type PreviewOrigin } from "./port-preview-headers.ts";

/** For the beginning of an answer: a development server compiles a page when it is asked for. */
const ANSWER_MS = 300_000;
const MAX_ANSWER_HEADERS_BYTES = 64 * 1024;

type Forwarded = { request: IncomingMessage; at: PreviewOrigin; secrets: ReadonlySet<string> };

/** A status that is none (`HTTP/1.1 042`) is parsed as one, and no answer can be begun with it. */
const isAnswer = ({ statusCode = 0 }: IncomingMessage) => statusCode >= 200;

/** Null when the app has answered; else why there is no answer of its own, and nothing was sent yet. Never rejects. */
export function forwardRequest(
  forwarded: Forwarded & { response: ServerResponse; socket: Duplex },
): Promise<"cut" | "silent" | null> {
  const { request, response, socket, at, secrets } = forwarded;
  const { method = "GET", url = "/", rawHeaders } = request;
  return new Promise((resolve) => {
    const outgoing = httpRequest({
      createConnection: () => socket,
      method,
      path: withoutTicket(url),
      headers: headersToApp(rawHeaders, at, { secrets }),
      setHost: false,
      maxHeaderSize: MAX_ANSWER_HEADERS_BYTES,
    });
    let silent = false;
    const waiting = setTimeout(() => {
      silent = true;
      outgoing.destroy();
    }, ANSWER_MS);
    outgoing.once("response", (answer) => {
      clearTimeout(waiting);
      if (!isAnswer(answer)) return void outgoing.destroy();
      response.writeHead(answer.statusCode ?? 502, headersToBrowser(answer.rawHeaders, at));
      // What an app sends bit by bit, as server-sent events, begins before its first byte.
      response.flushHeaders();
      pipeline(answer, response, () => outgoing.destroy());
      resolve(null);
    });
    outgoing.once("close", () => {
      clearTimeout(waiting);
      resolve(response.headersSent || response.destroyed ? null : silent ? "silent" : "cut");
    });
    // Told by "close", which always follows.
    outgoing.on("error", () => undefined);
    response.once("close", () => outgoing.destroy());
    if (framingOf(rawHeaders).length > 0) request.pipe(outgoing);
    else outgoing.end();
  });
}

/** What the app answers, also when it refuses, goes to the browser; then bytes both ways until either ends. */
export function forwardUpgrade(forwarded: Forwarded & { socket: Duplex; head: Buffer; app: Duplex }): void {
  const { request, socket, head, app, at, secrets } = forwarded;
  const outgoing = httpRequest({
    createConnection: () => app,
    method: "GET",
    path: withoutTicket(request.url ?? "/"),
    headers: headersToApp(request.rawHeaders, at, { secrets, upgrade: "websocket" }),
    setHost: false,
    maxHeaderSize: MAX_ANSWER_HEADERS_BYTES,
  });
  const waiting = setTimeout(() => outgoing.destroy(), ANSWER_MS);
  outgoing.once("upgrade", (answer: IncomingMessage, upgraded: Duplex, first: Buffer) => {
    clearTimeout(waiting);
    socket.write(
      statusAndHeaders(answer, [
        ...headersToBrowser(answer.rawHeaders, at),
        "Connection",
        "Upgrade",
        "Upgrade",
        "websocket",
      ]),
    );
    if (first.length > 0) socket.write(first);
    if (head.length > 0) upgraded.write(head);
    pipeline(upgraded, socket, () => upgraded.destroy());
    pipeline(socket, upgraded, () => socket.destroy());
  });
  outgoing.once("response", (answer) => {
    clearTimeout(waiting);
    if (!isAnswer(answer)) return void socket.destroy();
    socket.write(statusAndHeaders(answer, [...headersToBrowser(answer.rawHeaders, at), "Connection", "close"]));
    pipeline(answer, socket, () => socket.destroy());
  });
  // Without an answer the connection just ends, as it does when a server goes away.
  outgoing.on("error", () => socket.destroy());
  outgoing.once("close", () => clearTimeout(waiting));
  socket.once("close", () => outgoing.destroy());
  outgoing.end();
}

/** As it was parsed: no line end can be in it. */
function statusAndHeaders(answer: IncomingMessage, headers: readonly string[]): Buffer {
  const lines = [`HTTP/1.1 ${answer.statusCode ?? 502} ${answer.statusMessage ?? ""}`];
  for (let index = 0; index < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}
