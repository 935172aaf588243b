// Terminals and programs in a session's sandbox, over a WebSocket.
import { type ChannelNotice, CLOSE_CODES, ERROR_OUTPUT_BYTE } from "../contract/channel-frames.ts";
import type { ChannelControl } from "../contract/channels.ts";
import { sessionPath } from "./sessions.ts";
import type { Transport } from "./transport.ts";

export type ChannelHandlers = {
  /** It is open: from now on what is sent arrives. */
  onOpen: () => void;
  onOutput: (bytes: Uint8Array, isErrorOutput: boolean) => void;
  onNotice: (notice: ChannelNotice) => void;
  /** Always the last. `opened` false: it was refused, or there is no server. */
  onClose: (end: { code: number; reason: string; opened: boolean }) => void;
};

export type ChannelConnection = {
  send(input: Uint8Array<ArrayBuffer>): void;
  control(message: ChannelControl): void;
  close(): void;
};

export type TerminalPlace = { id: string; columns: number; rows: number; offset: number };

export function createChannelsClient(transport: Transport) {
  return {
    terminal: (sessionId: string, { id, ...query }: TerminalPlace, handlers: ChannelHandlers) =>
      connect(transport.socket(`${sessionPath(sessionId)}/terminals/${encodeURIComponent(id)}`, query), handlers),
    program: (sessionId: string, command: readonly string[], handlers: ChannelHandlers) =>
      connect(transport.socket(`${sessionPath(sessionId)}/exec`, { command }), handlers),
  };
}

function connect(socket: WebSocket, handlers: ChannelHandlers): ChannelConnection {
  socket.binaryType = "arraybuffer";
  let opened = false;
  socket.onopen = () => {
    opened = true;
    handlers.onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
    // Written by the server of this contract.
    if (typeof data === "string") return handlers.onNotice(JSON.parse(data) as ChannelNotice);
    const bytes = new Uint8Array(data);
    handlers.onOutput(bytes.subarray(1), bytes[0] === ERROR_OUTPUT_BYTE);
  };
  socket.onclose = ({ code, reason }) => handlers.onClose({ code, reason, opened });
  const sendIfOpen = (data: Uint8Array<ArrayBuffer> | string) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(data);
  };
  return {
    send: sendIfOpen,
    control: (message) => sendIfOpen(JSON.stringify(message)),
    close: () => socket.close(CLOSE_CODES.done),
  };
}
