// A real MCP server over TLS on this machine, by a name that the operator named, and how a worker reaches it.
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { SSEServerTransport } from "@modelcontextprotocol/sdk/server/sse.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { isInitializeRequest } from "@modelcontextprotocol/sdk/types.js";
import { createAuthority } from "../../src/egress/certificate-authority.ts";
import { createDialGuard } from "../../src/egress/dial-guard.ts";
import { createGuardedFetch, type GuardedFetch } from "../../src/egress/guarded-fetch.ts";
import { listOf } from "../../src/egress/refused-addresses.ts";
import { startUpstream, type Upstream } from "./egress-world.ts";

export type McpWorld = {
  /** `https://mcp.example.com/mcp`; `/sse` is the same server by the older transport. */
  readonly url: string;
  readonly upstream: Upstream;
  readonly outside: GuardedFetch;
  /** The `Authorization` headers of requests, in order. */
  readonly authorizations: (string | undefined)[];
  /** The authority's certificate, as the operator's CA file has it. */
  readonly certificate: string;
  /** Answers a request in the server's place; false: the server does. */
  intercept: ((request: IncomingMessage, response: ServerResponse, body: unknown) => boolean) | null;
  /** The servers of its connections that are open. */
  readonly servers: McpServer[];
  close(): Promise<void>;
};

/** `offer` gives each connection's server its tools. */
export async function startMcpWorld(offer: (server: McpServer) => void): Promise<McpWorld> {
  const authority = await createAuthority({ now: Date.now });
  const streams = new Map<string, StreamableHTTPServerTransport>();
  const events = new Map<string, SSEServerTransport>();
  const authorizations: (string | undefined)[] = [];
  const servers: McpServer[] = [];

  function newServer(): McpServer {
    const server = new McpServer({ name: "test", version: "1" }, { capabilities: { tools: { listChanged: true } } });
    offer(server);
    servers.push(server);
    return server;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "https://mcp.example.com");
    authorizations.push(request.headers.authorization);
    const body = request.method === "POST" ? await readJson(request) : undefined;
    if (world.intercept?.(request, response, body)) return;
    if (pathname === "/sse") {
      const transport = new SSEServerTransport("/messages", response);
      events.set(transport.sessionId, transport);
      return newServer().connect(transport);
    }
    if (pathname === "/messages") {
      const transport = events.get(searchParams.get("sessionId") ?? "");
      if (!transport) return void response.writeHead(404).end();
      return transport.handlePostMessage(request, response, body);
    }
    if (pathname !== "/mcp") return void response.writeHead(404).end();
    const sessionId = request.headers["mcp-session-id"];
    let transport = typeof sessionId === "string" ? streams.get(sessionId) : undefined;
    if (!transport && isInitializeRequest(body)) {
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (id) => void streams.set(id, made),
      });
      transport = made;
      // The SDK's own types differ under `exactOptionalPropertyTypes`.
      await newServer().connect(made as Parameters<McpServer["connect"]>[0]);
    }
    if (!transport) return void response.writeHead(404).end();
    await transport.handleRequest(request, response, body);
  }

  const upstream = await startUpstream(authority, (request, response) => void answer(request, response));
  const outside = createGuardedFetch({
    trusted: [authority.certificate],
    guard: createDialGuard({
      namedHosts: ["mcp.example.com", "other.example.com", "login.example.com"].map((host) => ({
        ...{ host, address: "127.0.0.1", port: upstream.port },
      })),
      refusedRanges: listOf([]),
      resolve: async (host) => {
        if (host === "private.example.com") return ["127.0.0.1"];
        throw new Error("ENOTFOUND");
      },
    }),
  });
  const world: McpWorld = {
    url: "https://mcp.example.com/mcp",
    upstream,
    outside,
    authorizations,
    servers,
    certificate: authority.certificate,
    intercept: null,
    async close() {
      await outside.close();
      await Promise.all(servers.map((server) => server.close()));
      await upstream.close();
    },
  };
  return world;
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString("utf8");
  // Token endpoints are asked by forms.
  return text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
}
