// The runner's HTTP server: one connection per call of the platform, over the socket that the starter opened.
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { startArchive } from "./archive.ts";
import { acceptChannel, isChannelRequest, runProgram, viewTerminal } from "./channels.ts";
import { createFiles, type Files } from "./files.ts";
import type { Operations } from "./operations.ts";
import { listPorts, NothingListens, type Ports } from "./ports.ts";
import { endOtherProcesses, runsInBackground } from "./processes.ts";
import {
  BadRequest,
  IDENTITY_HEADER,
  MAX_OPERATION_BYTES,
  parseCommand,
  parseEnv,
  parseOperation,
  type RunnerConfig,
  type WireError,
  type WireHealth,
  type WireLine,
} from "./protocol.ts";
import { sameSecret } from "./random.ts";
import type { Terminals } from "./terminals.ts";
import { sendTree, sendTreeFiles, sendTreeHashes, takeTree } from "./tree-routes.ts";

const CHUNK_BYTES = 256 * 1024;

type Call = { request: IncomingMessage; response: ServerResponse; url: URL };
export type RunnerParts = {
  config: RunnerConfig;
  operations: Operations;
  terminals: Terminals;
  ports: Ports;
  env: () => Record<string, string>;
};

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, code: WireError["error"]["code"], message: string): void {
  // Once the answer has begun, its being cut off is the only way to say that it is not whole.
  if (response.headersSent) response.destroy();
  else sendJson(response, status, { error: { code, message } });
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let total = 0;
  for await (const piece of request) {
    total += piece.length;
    if (total > MAX_OPERATION_BYTES) throw new BadRequest(`body: above ${MAX_OPERATION_BYTES} bytes`);
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString("utf8"));
  } catch {
    throw new BadRequest("body: not JSON");
  }
}

/** Aborts when the caller goes away. */
function goneSignal(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once("close", () => controller.abort());
  return controller.signal;
}

async function writeLine(response: ServerResponse, line: WireLine, signal: AbortSignal): Promise<void> {
  if (!response.write(`${JSON.stringify(line)}\n`) && !signal.aborted) {
    await once(response, "drain", { signal }).catch(() => undefined);
  }
}

async function runOperation(parts: RunnerParts, { request, response, url }: Call, id: string): Promise<void> {
  const operation = parseOperation(await readJson(request));
  const { result, output } = parts.operations.run(id, operation);
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  const signal = goneSignal(response);
  const from = url.searchParams.get("output_from");
  if (from !== null && output) {
    for await (const { offset, bytes } of output.follow(Math.max(0, Number(from) || 0), signal)) {
      await writeLine(response, { output: { offset, base64: Buffer.from(bytes).toString("base64") } }, signal);
    }
  }
  const settled = await result;
  if (!signal.aborted) response.end(`${JSON.stringify({ result: settled } satisfies WireLine)}\n`);
}

async function readFile(files: Files, { response, url }: Call): Promise<void> {
  const path = url.searchParams.get("path") ?? "";
  const file = await files.open(path);
  if (!file) return sendError(response, 404, "not_found", `${path}: no such file or directory`);
  const signal = goneSignal(response);
  try {
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": file.sizeBytes });
    // Exactly the length that was announced: a file that grows is cut, one that shrinks cuts the answer off.
    let position = 0;
    while (position < file.sizeBytes && !signal.aborted) {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, file.sizeBytes - position));
      const { bytesRead } = await file.handle.read(buffer, 0, buffer.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      if (!response.write(buffer.subarray(0, bytesRead)) && !signal.aborted) {
        await once(response, "drain", { signal }).catch(() => undefined);
      }
    }
    if (position < file.sizeBytes) response.destroy();
    else response.end();
  } finally {
    await file.handle.close();
  }
}

async function archive(parts: RunnerParts, { response }: Call): Promise<void> {
  const { workspaceDir, homeDir, maxArchiveBytes } = parts.config;
  const started = startArchive({ workspaceDir, homeDir, env: parts.env() });
  const signal = goneSignal(response);
  signal.addEventListener("abort", started.stop, { once: true });
  response.writeHead(200, { "content-type": "application/x-tar" });
  let total = 0;
  const piped = (async () => {
    for await (const chunk of started.stream) {
      total += chunk.length;
      if (total > maxArchiveBytes) throw new BadRequest(`archive: above ${maxArchiveBytes} bytes`);
      if (!response.write(chunk) && !signal.aborted) await once(response, "drain", { signal }).catch(() => undefined);
    }
  })();
  try {
    await Promise.all([piped, started.ended]);
    response.end();
  } catch {
    // Half an archive must not look whole: the connection is cut.
    response.destroy();
  } finally {
    started.stop();
  }
}

/** Ends whatever may write files. The runner and its journal stay, and the next command starts a fresh shell. */
async function quiesce({ config, operations, terminals }: RunnerParts): Promise<void> {
  if (!config.ownsProcesses) throw new BadRequest("this runner does not own the processes that it sees");
  terminals.end();
  await operations.quiesce(endOtherProcesses);
}

/** Somebody looks at a terminal or is connected to a port, or what was started goes on by itself. */
function isInUse({ config, operations, terminals, ports }: RunnerParts): boolean {
  if (operations.runningCount > 0 || terminals.watched || ports.inUse) return true;
  return config.ownsProcesses && runsInBackground([operations.shellPid, ...terminals.pids]);
}

async function route(parts: RunnerParts, files: Files, call: Call): Promise<void> {
  const { request, response, url } = call;
  const segments = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const [room, id, action] = segments;
  const { operations, config } = parts;
  const path = url.searchParams.get("path") ?? "";
  const key = `${request.method} ${room}${segments.length > 1 ? "/:id" : ""}${action ? `/${action}` : ""}`;
  switch (key) {
    case "GET health": {
      const health: WireHealth = {
        identity: config.identity,
        lastUsedAt: isInUse(parts) ? Date.now() : operations.lastUsedAt,
        runningOperations: operations.runningCount,
      };
      return sendJson(response, 200, health);
    }
    case "PUT env": {
      const fresh = parseEnv(await readJson(request));
      operations.setEnv(fresh);
      return sendJson(response, 200, {});
    }
    case "POST operations/:id":
      return runOperation(parts, call, id ?? "");
    case "POST operations/:id/cancel":
      operations.cancel(id ?? "");
      return sendJson(response, 200, {});
    case "GET files":
      await readFile(files, call);
      return operations.touch();
    case "PUT files":
      await files.write(path, request);
      operations.touch();
      return sendJson(response, 200, {});
    case "GET directories":
      return sendJson(response, 200, { entries: await files.list(path) });
    case "GET ports":
      return sendJson(response, 200, { ports: await listPorts() });
    case "GET archive":
      return archive(parts, call);
    case "GET tree":
      return sendTree(config, response);
    case "POST tree/:id":
      if (id === "read") return sendTreeFiles(config, request, response);
      if (id === "hash") return sendTreeHashes(config, request, response);
      if (id === "write") return takeTree(config, request, response);
      throw new BadRequest(`no such route: ${url.pathname}`);
    case "POST quiesce":
      await quiesce(parts);
      return sendJson(response, 200, {});
    default:
      return sendError(response, 404, "not_found", `no such route: ${request.method} ${url.pathname}`);
  }
}

async function openChannel(parts: RunnerParts, request: IncomingMessage, socket: Duplex): Promise<void> {
  const url = new URL(request.url ?? "/", "http://runner");
  const accept = () => acceptChannel(socket, { header: IDENTITY_HEADER, value: parts.config.identity });
  const [room, id] = url.pathname.split("/").filter(Boolean).map(decodeURIComponent);
  const number = (name: string) => Number(url.searchParams.get(name) ?? 0);
  if (room === "terminals" && id !== undefined) {
    const place = { id, columns: number("columns"), rows: number("rows"), offset: Math.max(0, number("offset") || 0) };
    return viewTerminal(parts.terminals, socket, { ...place, accept });
  }
  if (room === "programs") {
    const command = parseCommand(url.searchParams.get("command"));
    return runProgram(socket, { command, directory: parts.config.workspaceDir, env: parts.env(), accept });
  }
  if (room === "ports" && id !== undefined) return parts.ports.bridge(socket, { port: Number(id), accept });
  throw new BadRequest(`no such channel: ${url.pathname}`);
}

export function createRunnerServer(parts: RunnerParts): Server {
  const files = createFiles(parts.config);
  const expected = `Bearer ${parts.config.token}`;
  const server = createServer((request, response) => {
    response.setHeader(IDENTITY_HEADER, parts.config.identity);
    if (!sameSecret(expected, request.headers.authorization ?? "")) {
      return sendError(response, 401, "invalid_request", "wrong token");
    }
    const handle = async () => {
      const url = new URL(request.url ?? "/", "http://runner");
      await route(parts, files, { request, response, url });
    };
    handle().catch((error: unknown) => {
      if (error instanceof BadRequest || error instanceof URIError) {
        return sendError(response, 400, "invalid_request", error.message);
      }
      sendError(response, 500, "internal", error instanceof Error ? error.message : String(error));
    });
  });
  server.on("upgrade", (request, socket: Duplex) => {
    socket.on("error", () => socket.destroy());
    const refuse = (status: string, message: string, code: WireError["error"]["code"] = "invalid_request") => {
      const body = JSON.stringify({ error: { code, message } });
      socket.end(
        `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${IDENTITY_HEADER}: ${parts.config.identity}\r\n\r\n${body}`,
      );
    };
    if (!sameSecret(expected, request.headers.authorization ?? "")) return refuse("401 Unauthorized", "wrong token");
    if (!isChannelRequest(request)) return refuse("400 Bad Request", "no such protocol");
    parts.operations.touch();
    openChannel(parts, request, socket).catch((error: unknown) => {
      if (error instanceof BadRequest || error instanceof URIError) refuse("400 Bad Request", error.message);
      else if (error instanceof NothingListens) refuse("404 Not Found", error.message, "not_found");
      else socket.destroy();
    });
  });
  // While the first answer is on its way, and whoever waits for it goes on.
  server.once("request", (_request, response) => response.once("finish", () => parts.operations.prepareShell()));
  // Calls last as long as commands do, and an idle connection of the platform must not end under its next request.
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  server.keepAliveTimeout = 0;
  return server;
}
