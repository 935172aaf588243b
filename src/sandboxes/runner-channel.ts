// The platform's side of a channel: an upgraded connection to a runner. What comes from it is not trusted to be well formed.
import { request as httpRequest } from "node:http";
import type { Duplex } from "node:stream";
import { PlatformError } from "../lib/errors.ts";
import {
  CHANNEL_PROTOCOL,
  decodeExit,
  decodeOffset,
  decodeSize,
  encodeFrame,
  encodeSize,
  FROM_RUNNER,
  FrameParser,
  TO_RUNNER,
} from "../runner/frames.ts";
import { IDENTITY_HEADER } from "../runner/protocol.ts";
import type { RunnerAddress } from "./runner-client.ts";
import type { Channel, ChannelEvent } from "./sandbox.ts";

const MAX_REFUSAL_BYTES = 64 * 1024;

/** Throws `sandbox_gone` when there is no runner, `invalid_request` when it refuses. */
export async function openChannel(address: RunnerAddress, path: string, signal: AbortSignal): Promise<Channel> {
  return channelOver(await openConnection(address, path, signal));
}

/** The same without frames: what comes and goes is what the other end sends and takes. `not_found` when nobody is there. */
export function openConnection(address: RunnerAddress, path: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const gone = (cause: unknown) =>
      new PlatformError("sandbox_gone", `the sandbox ${address.name} is not running`, { cause });
    const request = httpRequest({
      socketPath: address.socketPath,
      path,
      agent: false,
      signal,
      headers: {
        authorization: `Bearer ${address.token}`,
        host: "runner",
        connection: "upgrade",
        upgrade: CHANNEL_PROTOCOL,
      },
    });
    request.once("error", (error) => reject(signal.aborted ? signal.reason : gone(error)));
    request.once("upgrade", (response, socket, head) => {
      if (response.headers[IDENTITY_HEADER] !== address.identity) {
        socket.destroy();
        return reject(gone(new Error("another sandbox answers under its name")));
      }
      if (head.length > 0) socket.unshift(head);
      // Its end is seen by whoever reads it.
      socket.on("error", () => undefined);
      resolve(socket);
    });
    request.once("close", () => reject(gone(new Error("it ended without an answer"))));
    request.once("response", (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => {
        pieces.push(piece);
        if (pieces.reduce((sum, one) => sum + one.length, 0) > MAX_REFUSAL_BYTES) response.destroy();
      });
      response.once("close", () => reject(refusal(response.statusCode, Buffer.concat(pieces))));
    });
    request.end();
  });
}

function refusal(status: number | undefined, body: Buffer): PlatformError {
  let message = "the sandbox opens no channel";
  try {
    // Read field by field; anything else in it is ignored.
    const { error } = JSON.parse(body.toString("utf8")) as { error?: { message?: unknown } };
    if (typeof error?.message === "string") message = error.message;
  } catch {
    // Not JSON: the usual words have to do.
  }
  return new PlatformError(status === 404 ? "not_found" : "invalid_request", message);
}

function channelOver(socket: Duplex): Channel {
  const send = (type: number, payload?: Uint8Array) => !socket.destroyed && socket.write(encodeFrame(type, payload));
  return {
    events: readEvents(socket),
    async write(input) {
      if (send(TO_RUNNER.input, input) || socket.destroyed) return;
      await new Promise<void>((resolve) => {
        socket.once("drain", resolve);
        socket.once("close", () => resolve());
      });
    },
    resize: (size) => void send(TO_RUNNER.resize, encodeSize(size)),
    endInput: () => void send(TO_RUNNER.end),
    signal: (name) => void send(TO_RUNNER.signal, Buffer.from(name, "latin1")),
    close: () => void socket.destroy(),
  };
}

async function* readEvents(socket: Duplex): AsyncGenerator<ChannelEvent> {
  const parser = new FrameParser();
  try {
    for await (const bytes of socket as AsyncIterable<Buffer>) {
      for (const { type, payload } of parser.push(bytes)) {
        const event = toEvent(type, payload);
        if (event) yield event;
        if (event?.type === "exited") return;
      }
    }
  } catch {
    // Cut off, or no frames of ours: without an exit the channel simply ends.
  } finally {
    socket.destroy();
  }
}

function toEvent(type: number, payload: Buffer): ChannelEvent | null {
  switch (type) {
    case FROM_RUNNER.begun:
      return { type: "begun", offset: decodeOffset(payload) };
    case FROM_RUNNER.size: {
      const size = decodeSize(payload);
      return size && { type: "size", size };
    }
    case FROM_RUNNER.output:
      return { type: "output", bytes: payload };
    case FROM_RUNNER.errorOutput:
      return { type: "error_output", bytes: payload };
    case FROM_RUNNER.exited:
      return { type: "exited", exitCode: decodeExit(payload) };
    default:
      return null;
  }
}
