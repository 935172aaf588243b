// sandboxd's API over its unix socket, which only the user who runs it can open.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { hasCode, messageOf, PlatformError } from "../../lib/errors.ts";
import type { SandboxSelfTest } from "../sandbox.ts";
import { type Failure, type InstallLine, installSchema, lifeSchema, specSchema } from "./control-protocol.ts";
import type { Fleet } from "./fleet.ts";
import type { PackageStore } from "./package-store.ts";

const MAX_BODY_BYTES = 4 * 1024 * 1024;

async function readBody(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  let total = 0;
  for await (const piece of request) {
    total += piece.length;
    if (total > MAX_BODY_BYTES) throw new PlatformError("invalid_request", "the request is too large");
    pieces.push(piece);
  }
  return total === 0 ? {} : JSON.parse(Buffer.concat(pieces).toString("utf8"));
}

function failureOf(error: unknown): Failure {
  for (const code of ["invalid_request", "packages_failed", "sandbox_gone", "sandbox_unavailable"] as const) {
    if (hasCode(error, code)) return { code, message: error.message };
  }
  return { code: "internal", message: messageOf(error) };
}

const statusOf: Record<Failure["code"], number> = {
  invalid_request: 400,
  packages_failed: 422,
  sandbox_gone: 410,
  sandbox_unavailable: 503,
  internal: 500,
};

export function createControlServer(options: {
  fleet: Fleet;
  packages: PackageStore;
  selfTest: () => Promise<SandboxSelfTest>;
}): Server {
  const { fleet, packages } = options;

  /** Answered in lines while it goes on: the caller tells who waits what is done. */
  async function install(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const tell = (line: InstallLine) => void response.write(`${JSON.stringify(line)}\n`);
    response.writeHead(200, { "content-type": "application/x-ndjson" });
    // Its caller may go away; the installation goes on for the next one.
    response.on("error", () => undefined);
    response.flushHeaders();
    try {
      const { set, sessionId } = installSchema.parse(await readBody(request));
      const now = await packages.install(set, {
        sessionId,
        onProgress: (progress) => tell({ progress: { ...progress, packages: [...progress.packages] } }),
      });
      tell({ done: { now } });
    } catch (error) {
      tell({ failed: failureOf(error) });
    }
    response.end();
  }

  async function answer(request: IncomingMessage): Promise<unknown> {
    const { pathname } = new URL(request.url ?? "/", "http://sandboxd");
    const [room, encodedName = "", action] = pathname.split("/").filter(Boolean);
    const name = decodeURIComponent(encodedName);
    const key = `${request.method} ${room}${name ? "/:name" : ""}${action ? `/${action}` : ""}`;
    switch (key) {
      case "GET self-test":
        return options.selfTest();
      case "GET sandboxes":
        return fleet.list();
      case "GET sandboxes/:name": {
        const access = fleet.find(name);
        if (!access) throw new PlatformError("sandbox_gone", `the sandbox ${name} is not running`);
        return access;
      }
      case "PUT sandboxes/:name":
        return fleet.create(name, specSchema.parse(await readBody(request)));
      case "DELETE sandboxes/:name":
        return fleet.destroy(name);
      case "POST sandboxes/:name/hibernate":
        return fleet.hibernate(name, lifeSchema.parse(await readBody(request)).socketPath);
      case "POST sandboxes/:name/set-aside":
        return fleet.setAside(name);
      case "POST sandboxes/:name/take-back":
        return fleet.takeBack(name);
      default:
        throw new PlatformError("invalid_request", `no such route: ${request.method} ${pathname}`);
    }
  }

  function send(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? null));
  }

  const server = createServer((request, response) => {
    if (request.method === "POST" && request.url === "/packages") return void install(request, response);
    answer(request).then(
      (body) => send(response, 200, body),
      (error: unknown) => {
        const failure = failureOf(error);
        send(response, statusOf[failure.code], failure);
      },
    );
  });
  // Idle connections of the worker must not end under its next request.
  server.keepAliveTimeout = 0;
  return server;
}
