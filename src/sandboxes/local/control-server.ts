// sandboxd's API over its unix socket, which only the user who runs it can open.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { hasCode, messageOf, PlatformError } from "../../lib/errors.ts";
import type { SandboxSelfTest } from "../sandbox.ts";
import { type Failure, lifeSchema, specSchema } from "./control-protocol.ts";
import type { Fleet } from "./fleet.ts";

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
  for (const code of ["invalid_request", "sandbox_gone", "sandbox_unavailable"] as const) {
    if (hasCode(error, code)) return { code, message: error.message };
  }
  return { code: "internal", message: messageOf(error) };
}

const statusOf: Record<Failure["code"], number> = {
  invalid_request: 400,
  sandbox_gone: 410,
  sandbox_unavailable: 503,
  internal: 500,
};

export function createControlServer(options: { fleet: Fleet; selfTest: () => Promise<SandboxSelfTest> }): Server {
  const { fleet } = options;

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
