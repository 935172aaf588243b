// A web process without the process: the real API on a port of its own, against a fresh database. No worker, no dashboard.
import { once } from "node:events";
import Anthropic from "@anthropic-ai/sdk";
import { allowedHostsFor } from "../../src/api/host-check.ts";
import type { ModelCatalog } from "../../src/api/models.ts";
import { type Web, type WebOptions, wireWeb } from "../../src/bin/wire-web.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { type FreshDatabase, freshDatabase } from "./postgres.ts";

export type ApiServer = {
  url: string;
  apiKey: string;
  database: FreshDatabase;
  web: Web;
  client(options?: { apiKey?: string | null; authToken?: string; maxRetries?: number }): Anthropic;
  /** A plain request with the key; `body` is sent as JSON unless it is text. */
  call(
    method: string,
    path: string,
    options?: CallOptions,
  ): Promise<{ status: number; headers: Headers; body: unknown }>;
  close(): Promise<void>;
};
type CallOptions = { body?: unknown; headers?: Record<string, string>; anonymous?: boolean };

export const TEST_KEK: WebOptions["kek"] = {
  kind: "given",
  source: {
    describe: "the test",
    read: async () => Buffer.from("a key of tests, 32 bytes long ok").toString("base64"),
  },
};

const MODELS: ModelCatalog = {
  listModels: async () =>
    ["alpha", "vendor/beta", "gamma"].map((id) => ({
      id,
      displayName: id.toUpperCase(),
      createdAt: 0,
      maxInputTokens: 1000,
      maxOutputTokens: null,
      inputCostPerToken: 0.0000003,
      outputCostPerToken: null,
    })),
};

export async function startApiServer(
  options: {
    database?: FreshDatabase;
    models?: ModelCatalog;
    sandboxes?: WebOptions["sandboxes"];
    maxConnections?: number;
    kek?: WebOptions["kek"];
    outsideFetch?: WebOptions["outsideFetch"];
    previewUrl?: string;
    networkingCeiling?: WebOptions["networkingCeiling"];
  } = {},
): Promise<ApiServer> {
  const database = options.database ?? (await freshDatabase());
  const apiKey = "test-key-of-the-operator";
  const web = await wireWeb({
    databaseUrl: database.url,
    kek: options.kek ?? TEST_KEK,
    outsideFetch: options.outsideFetch ?? (() => Promise.reject(new Error("this test asks nobody outside"))),
    apiKey,
    models: options.models ?? MODELS,
    defaultModel: null,
    allowedHosts: allowedHostsFor("127.0.0.1"),
    ui: null,
    sandboxes: options.sandboxes ?? null,
    version: "0.0.0-test",
    previewUrl: options.previewUrl ?? null,
    ...(options.networkingCeiling ? { networkingCeiling: options.networkingCeiling } : {}),
    ...(options.maxConnections === undefined ? {} : { maxConnections: options.maxConnections }),
    logger: createLogger("web", { level: "silent", pretty: false }),
  });
  web.server.listen(0, "127.0.0.1");
  await once(web.server, "listening");
  const address = web.server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    apiKey,
    database,
    web,
    client: (settings = {}) => new Anthropic({ baseURL: url, apiKey, maxRetries: 0, ...settings }),
    async call(method, path, { body, headers = {}, anonymous = false } = {}) {
      const response = await fetch(url + path, {
        method,
        headers: { ...(anonymous ? {} : { "x-api-key": apiKey }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
    },
    async close() {
      web.server.close();
      web.hub.close();
      web.changeHub.close();
      web.changeHub.close();
      web.server.closeAllConnections();
      await web.close();
      if (!options.database) await database.drop();
    },
  };
}
