// A WebSocket once its handshake is through: bytes in both directions.
import type { IncomingMessage } from "node:http";
import { type Duplex, pipeline } from "node:stream";
import type { CredentialedAnswer } from "./credentials.ts";
import type { Exchange } from "./exchange.ts";
import { downstreamHeaders } from "./request-headers.ts";

export function joinSockets(ends: {
  exchange: Exchange;
  answer: IncomingMessage;
  rewrite: CredentialedAnswer | null;
  socket: Duplex;
  head: Buffer;
  upstreamSocket: Duplex;
  upstreamHead: Buffer;
}): void {
  const { exchange, answer, rewrite, socket, head, upstreamSocket, upstreamHead } = ends;
  const lines = ["HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"];
  const raw = downstreamHeaders(answer.rawHeaders);
  const headers = rewrite ? rewrite.headers(raw) : raw;
  for (let index = 0; index + 1 < headers.length; index += 2) lines.push(`${headers[index]}: ${headers[index + 1]}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
  if (upstreamHead.length > 0) upstreamSocket.unshift(upstreamHead);
  if (head.length > 0) socket.unshift(head);
  socket.on("data", (piece: Buffer) => {
    exchange.line.requestBytes += piece.length;
  });
  upstreamSocket.on("data", (piece: Buffer) => {
    exchange.line.responseBytes += piece.length;
  });
  // Two pipelines watch each of them, on top of what watched them before.
  for (const each of [socket, upstreamSocket]) each.setMaxListeners(32);
  pipeline(socket, upstreamSocket, () => upstreamSocket.destroy());
  if (rewrite) pipeline(upstreamSocket, rewrite.socket(), socket, () => socket.destroy());
  else pipeline(upstreamSocket, socket, () => socket.destroy());
}
