// Terminals and programs over WebSockets: who asks, from which page, and bytes both ways at the pace of the slower side.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { type ChannelNotice, CLOSE_CODES, ERROR_OUTPUT_BYTE, OUTPUT_BYTE } from "../contract/channel-frames.ts";
import { channelControl, execQuery, TERMINAL_ID, terminalQuery } from "../contract/channels.ts";
import { PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { SessionFiles } from "../sessions/session-files.ts";
import { decodedSegment, type StreamAnswering, singleHeader } from "./answer-stream.ts";
import { authenticate, type RequestFacts } from "./authenticate.ts";
import { expectedError, toErrorAnswer } from "./errors.ts";
import { type AllowedHosts, hostIsAllowed } from "./host-check.ts";
import { checkInput, parseJson, parseQueryString } from "./parse.ts";
import type { Caller } from "./route.ts";

type Channel = Awaited<ReturnType<SessionFiles["runProgram"]>>;

const PATH = /^\/(?:v1|api)\/sessions\/([^/]+)\/(?:terminals\/([^/]+)|exec)$/;
const MAX_MESSAGE_BYTES = 1024 * 1024;
/** A connection without a sign of life for two of these is gone. */
const PING_MS = 20_000;
const TOUCH_MS = 60_000;

export type ChannelServer = ReturnType<typeof createChannelServer>;

export function createChannelServer(options: StreamAnswering & { files: SessionFiles; allowedHosts: AllowedHosts }) {
  const { access, guard, translate, logger, files, allowedHosts } = options;
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, clientTracking: true });

  async function open(caller: Caller, pathname: string, search: string): Promise<[Channel, string]> {
    const [, sessionId = "", terminalId] = PATH.exec(pathname) ?? [];
    if (sessionId === "") throw new PlatformError("not_found", `There is no WebSocket at ${pathname}.`);
    const session = decodedSegment(sessionId);
    if (terminalId === undefined) {
      const { command } = checkInput(execQuery, parseQueryString(search, new Set(["command"])));
      return [await files.runProgram(caller.teamId, session, command), session];
    }
    const id = decodedSegment(terminalId);
    if (!TERMINAL_ID.test(id))
      throw new PlatformError("invalid_request", "The terminal's name has 1 to 64 letters, digits, - and _.");
    const query = checkInput(terminalQuery, parseQueryString(search, new Set()));
    return [await files.openTerminal(caller.teamId, session, { id, ...query }), session];
  }

  async function answer(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const requestId = newId("request");
    const header = (name: string) => singleHeader(request.headers[name]);
    const facts: RequestFacts = { method: "GET", header, address: request.socket.remoteAddress };
    let channel: Channel | null = null;
    let fromOurPage = false;
    try {
      if (!hostIsAllowed(header("host"), allowedHosts))
        throw new PlatformError("permission_denied", "This name does not belong to this server.");
      const caller = await authenticate(access, facts);
      // A browser opens WebSockets for any page and sends its cookie along: only our own pages may.
      if (caller.via === "browser") {
        refuseOtherOrigins(facts);
        fromOurPage = true;
      }
      const [pathname = "", search = ""] = (request.url ?? "").split("?");
      const [opened, sessionId] = await open(caller, pathname, search);
      channel = opened;
      if (socket.destroyed) return opened.close();
      let served = false;
      server.handleUpgrade(request, socket, head, (webSocket) => {
        served = true;
        serve(webSocket, opened, { facts, sessionId });
      });
      // A handshake that is none was answered; nobody would ever close what was opened for it.
      if (!served) opened.close();
    } catch (error) {
      channel?.close();
      const expected = expectedError(error, translate);
      if (expected.code === "internal") logger.error({ err: error, requestId }, "a channel could not be opened");
      const { status, headers, body } = toErrorAnswer(expected, requestId);
      if (fromOurPage && !socket.destroyed) {
        const notice: ChannelNotice = { type: "refused", status, message: body.error.message };
        return server.handleUpgrade(request, socket, head, (webSocket) => {
          webSocket.send(JSON.stringify(notice));
          webSocket.close(CLOSE_CODES.notOpened);
        });
      }
      const text = JSON.stringify(body);
      const lines = { ...headers, "content-type": "application/json", "content-length": Buffer.byteLength(text) };
      // The server has let go of its time limits: a client that never ends its side would keep it.
      socket.once("finish", () => socket.destroy());
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nconnection: close\r\n${Object.entries(lines)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join("")}\r\n${text}`,
      );
    }
  }

  function serve(webSocket: WebSocket, channel: Channel, who: { facts: RequestFacts; sessionId: string }): void {
    guard.watch(who.facts, {
      onClose: (listener) => webSocket.once("close", listener),
      refuse: (error) => webSocket.close(CLOSE_CODES.refused, shortReason(error.message)),
    });
    const stopPings = keepAlive(webSocket);
    const touching = setInterval(() => {
      files.touch(who.sessionId).catch((error: unknown) => {
        logger.debug({ err: error, sessionId: who.sessionId }, "the use of a sandbox could not be written down");
      });
    }, TOUCH_MS);
    webSocket.once("close", () => {
      stopPings();
      clearInterval(touching);
      channel.close();
    });
    webSocket.on("error", (error) => logger.debug({ err: error }, "a channel's connection failed"));
    webSocket.on("message", (data: RawData, isBinary) => {
      try {
        if (isBinary) void takeInput(webSocket, channel, toBuffer(data));
        else takeControl(channel, toBuffer(data));
      } catch (error) {
        webSocket.close(CLOSE_CODES.badMessage, shortReason(error instanceof Error ? error.message : "not understood"));
      }
    });
    void giveOutput(webSocket, channel);
  }

  return {
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
      socket.on("error", () => socket.destroy());
      void answer(request, socket, head);
    },
    /** Clients come back to the next process. */
    close(): void {
      for (const webSocket of server.clients) webSocket.close(CLOSE_CODES.restart, "the server stops");
      server.close();
    },
  };
}

function refuseOtherOrigins({ header }: RequestFacts): void {
  const origin = header("origin");
  if (origin !== undefined && URL.canParse(origin) && new URL(origin).host === header("host")) return;
  throw new PlatformError("permission_denied", "This connection does not come from the dashboard's own pages.");
}

/** What was typed waits while the sandbox takes no more. */
async function takeInput(webSocket: WebSocket, channel: Channel, input: Buffer): Promise<void> {
  webSocket.pause();
  await channel.write(input);
  webSocket.resume();
}

function takeControl(channel: Channel, text: Buffer): void {
  const control = checkInput(channelControl, parseJson(text));
  switch (control.type) {
    case "resize":
      channel.resize({ columns: control.columns, rows: control.rows });
      break;
    case "end_input":
      channel.endInput();
      break;
    case "signal":
      channel.signal(control.signal);
      break;
  }
}

/** One frame after the other is on its way before the next is read: a slow client holds the terminal back, not our memory. */
async function giveOutput(webSocket: WebSocket, channel: Channel): Promise<void> {
  const send = (data: Buffer | string) =>
    new Promise<void>((resolve) => {
      webSocket.send(data, () => resolve());
    });
  const note = (notice: ChannelNotice) => send(JSON.stringify(notice));
  for await (const event of channel.events) {
    if (webSocket.readyState !== webSocket.OPEN) return;
    switch (event.type) {
      case "begun":
        await note({ type: "begun", offset: event.offset });
        break;
      case "size":
        await note({ type: "size", ...event.size });
        break;
      case "output":
        await send(Buffer.concat([Buffer.of(OUTPUT_BYTE), event.bytes]));
        break;
      case "error_output":
        await send(Buffer.concat([Buffer.of(ERROR_OUTPUT_BYTE), event.bytes]));
        break;
      case "exited":
        await note({ type: "exited", exit_code: event.exitCode });
        webSocket.close(CLOSE_CODES.done);
        return;
    }
  }
  webSocket.close(CLOSE_CODES.sandboxEnded, "the sandbox ended");
}

function keepAlive(webSocket: WebSocket): () => void {
  let answered = true;
  webSocket.on("pong", () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) return webSocket.terminate();
    answered = false;
    webSocket.ping();
  }, PING_MS);
  return () => clearInterval(timer);
}

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** A close frame holds 123 bytes of reason. */
function shortReason(message: string): string {
  return message.slice(0, 40).replace(/[^\x20-\x7e]/g, "?");
}
