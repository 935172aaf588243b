// Channels: connections that were upgraded, and carry the input and output of a terminal or of a program.
import { spawn } from "node:child_process";
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { childEnv } from "../lib/child-env.ts";
import {
  CHANNEL_PROTOCOL,
  decodeSize,
  encodeExit,
  encodeFrame,
  encodeOffset,
  encodeSize,
  FROM_RUNNER,
  FrameParser,
  MAX_FRAME_BYTES,
  TO_RUNNER,
} from "./frames.ts";
import { BadRequest } from "./protocol.ts";
import type { TerminalSize, Terminals } from "./terminals.ts";

/** What a program left running may still print when the program has ended. */
const LEFT_RUNNING_MS = 250;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGKILL"] as const;
type Handlers = { input: (bytes: Buffer) => void; other: (type: number, payload: Buffer) => void };

/** The socket as a channel; ends when the platform goes away or sends what no platform of ours sends. */
function readFrames(socket: Duplex, handlers: Handlers): void {
  const parser = new FrameParser();
  // Sockets of the HTTP server stay half open otherwise.
  socket.on("end", () => socket.destroy());
  socket.on("data", (bytes: Buffer) => {
    try {
      for (const { type, payload } of parser.push(bytes)) {
        if (type === TO_RUNNER.input) handlers.input(payload);
        else handlers.other(type, payload);
      }
    } catch {
      socket.destroy();
    }
  });
}

/** Resolves when the socket takes more, or is closed. */
function send(socket: Duplex, type: number, payload?: Uint8Array): Promise<void> {
  if (socket.destroyed || socket.write(encodeFrame(type, payload))) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      socket.off("drain", done);
      socket.off("close", done);
      resolve();
    };
    socket.once("drain", done);
    socket.once("close", done);
  });
}

/** One viewer of a terminal: what is kept from its offset on, then what comes, at its own pace. */
export async function viewTerminal(
  terminals: Terminals,
  socket: Duplex,
  options: { id: string; columns: number; rows: number; offset: number; accept: () => void },
): Promise<void> {
  const { columns, rows } = options;
  const terminal = await terminals.open(options.id, { columns, rows });
  options.accept();
  let wake: () => void = () => undefined;
  const viewer = {
    offset: Math.min(options.offset, terminal.scrollback.end),
    size: { columns, rows },
    changed: () => wake(),
  };
  const leave = terminal.attach(viewer);
  socket.once("close", () => wake());
  readFrames(socket, {
    input: (bytes) => terminal.write(Buffer.from(bytes)),
    other(type, payload) {
      const size = type === TO_RUNNER.resize ? decodeSize(payload) : null;
      if (!size) return;
      viewer.size = size;
      terminal.fit();
    },
  });
  try {
    let told = -1;
    let toldSize: TerminalSize | null = null;
    while (!socket.destroyed) {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const part = terminal.scrollback.read(viewer.offset);
      const offset = part?.offset ?? Math.max(viewer.offset, terminal.scrollback.start);
      // At the beginning, and where output was left out that a slow viewer missed.
      if (offset !== told) await send(socket, FROM_RUNNER.begun, encodeOffset(offset));
      // Before what is printed in it.
      if (toldSize !== terminal.size) {
        toldSize = terminal.size;
        await send(socket, FROM_RUNNER.size, encodeSize(toldSize));
      }
      if (part) {
        await send(socket, FROM_RUNNER.output, part.bytes);
        viewer.offset = part.offset + part.bytes.length;
        told = viewer.offset;
        terminal.advanced();
        continue;
      }
      told = offset;
      if (terminal.exitCode !== null) {
        socket.end(encodeFrame(FROM_RUNNER.exited, encodeExit(terminal.exitCode)));
        return;
      }
      await changed;
    }
  } finally {
    leave();
  }
}

/** A program with pipes; it ends with its connection. */
export function runProgram(
  socket: Duplex,
  options: { command: string[]; directory: string; env: Record<string, string>; accept: () => void },
): Promise<void> {
  const [file, ...args] = options.command;
  if (file === undefined || file === "") throw new BadRequest("command: is empty");
  options.accept();
  // A group of its own, so that a signal reaches what it started, too.
  const child = spawn(file, args, { cwd: options.directory, env: childEnv(options.env), detached: true });
  const kill = (signal: NodeJS.Signals) => {
    if (child.pid === undefined) return;
    try {
      process.kill(-child.pid, signal);
    } catch {
      // The whole group has ended.
    }
  };
  readFrames(socket, {
    input: (bytes) => child.stdin.write(Buffer.from(bytes)),
    other(type, payload) {
      if (type === TO_RUNNER.end) child.stdin.end();
      const signal = type === TO_RUNNER.signal ? SIGNALS.find((one) => one === payload.toString("latin1")) : undefined;
      if (signal) kill(signal);
    },
  });
  child.stdin.on("error", () => undefined);
  socket.once("close", () => kill("SIGKILL"));
  const pump = async (stream: NodeJS.ReadableStream, type: number) => {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += MAX_FRAME_BYTES)
        await send(socket, type, chunk.subarray(at, at + MAX_FRAME_BYTES));
    }
  };
  const pumps = Promise.all([pump(child.stdout, FROM_RUNNER.output), pump(child.stderr, FROM_RUNNER.errorOutput)]);
  return new Promise((resolve) => {
    const finish = async (exitCode: number) => {
      // What it left running may hold its outputs open for ever; it is ended with the program, as with a lost connection.
      const late = setTimeout(() => kill("SIGKILL"), LEFT_RUNNING_MS);
      await pumps.catch(() => undefined);
      clearTimeout(late);
      kill("SIGKILL");
      socket.end(encodeFrame(FROM_RUNNER.exited, encodeExit(exitCode)));
      resolve();
    };
    child.once("error", (error) => {
      const missing = "code" in error && error.code === "ENOENT";
      const said = `${file}: ${missing ? "command not found" : error.message}\n`;
      void send(socket, FROM_RUNNER.errorOutput, Buffer.from(said)).then(() => finish(missing ? 127 : 126));
    });
    child.once("exit", (code, signal) => void finish(code ?? 128 + signalNumber(signal)));
  });
}

function signalNumber(signal: NodeJS.Signals | null): number {
  const numbers: Partial<Record<NodeJS.Signals, number>> = {
    SIGHUP: 1,
    SIGINT: 2,
    SIGQUIT: 3,
    SIGKILL: 9,
    SIGTERM: 15,
  };
  return (signal && numbers[signal]) ?? 1;
}

/** Answers an upgrade; a refusal is a usual answer. */
export function acceptChannel(socket: Duplex, identity: { header: string; value: string }): void {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${CHANNEL_PROTOCOL}\r\n${identity.header}: ${identity.value}\r\n\r\n`,
  );
}

export function isChannelRequest(request: IncomingMessage): boolean {
  return request.headers.upgrade === CHANNEL_PROTOCOL;
}
