// The dashboard as a request handler: Next.js behind our security headers. Loaded only when it is served.
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import type { RawHandler } from "../api/server.ts";
import { BUILD_HEADER } from "../app/build-header.ts";
import { contentSecurityPolicy } from "../app/csp.ts";
import { DEV_HEADER } from "../app/dev/dev-header.ts";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";

export type Dashboard = {
  handle: RawHandler;
  /** Resolves when pages can be served; never rejects: a dashboard that does not start leaves the API working. */
  ready: Promise<void>;
  close(): Promise<void>;
};

export function createDashboard(options: {
  directory: string;
  hostname: string;
  port: number;
  devPages: "on" | "off";
  logger: Logger;
}): Dashboard {
  const { directory, logger } = options;
  const build = readBuild(directory);
  const starting = start(options);
  const ready = starting.then(
    () => undefined,
    (error) => logger.error({ err: error }, "the dashboard did not start; the API works without it"),
  );

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(request, response);
    // The page keeps it, and asks again after a lost connection: a tab may be older than the server.
    request.headers[BUILD_HEADER] = build;
    // The page itself looks at this, however its address is spelt.
    request.headers[DEV_HEADER] = options.devPages;
    // And as a rule its status says so, too.
    if (options.devPages === "off" && request.url?.startsWith("/dev/")) request.url = "/_not-found";
    response.setHeader(BUILD_HEADER, build);
    try {
      const { answer } = await starting;
      await answer(request, response);
    } catch (error) {
      answerWithoutDashboard(response, error);
    }
  }

  return {
    handle,
    ready,
    async close() {
      const started = await starting.catch(() => null);
      await started?.close();
    },
  };
}

function readBuild(directory: string): string {
  const path = join(directory, ".next", "BUILD_ID");
  return existsSync(path) ? readFileSync(path, "utf8").trim() : "none";
}

async function start({ directory, hostname, port }: { directory: string; hostname: string; port: number }) {
  const { default: next } = await import("next");
  const app = next({ dev: false, dir: directory, hostname, port });
  await app.prepare();
  const answer = app.getRequestHandler();
  return { answer, close: () => app.close() };
}

/** Next.js reads the nonce for its own tags out of the request's policy header. */
function setSecurityHeaders(request: IncomingMessage, response: ServerResponse): void {
  const policy = contentSecurityPolicy(randomBytes(16).toString("base64"));
  request.headers["content-security-policy"] = policy;
  response.setHeader("content-security-policy", policy);
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("x-frame-options", "DENY");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("permissions-policy", "camera=(), geolocation=(), microphone=()");
  response.setHeader("cross-origin-opener-policy", "same-origin");
}

function answerWithoutDashboard(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.writeHead(503, { "content-type": "text/plain; charset=utf-8", "retry-after": "5" });
  response.end(
    `The dashboard cannot be shown: ${messageOf(error)}\nIs it built? npm run build\nThe API works: /docs\n`,
  );
}
