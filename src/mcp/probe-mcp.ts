// Tries whether an MCP server takes a credential: connects, and lists its tools.
import type { OutsideCaller, OutsideFetch } from "../lib/outside-fetch.ts";
import { connectMcp } from "./connect-mcp.ts";
import { type HttpAnswer, McpFailure } from "./mcp-failure.ts";

const LIMIT_MS = 20_000;

/** `method`: the MCP method that failed; `answer`: the server's HTTP answer to it, where there was one. */
export type McpProbe = { works: true } | { works: false; method: string; answer: HttpAnswer | null };

export async function probeMcp(options: {
  url: string;
  /** The `Authorization` header. */
  authorization: string;
  /** Its name, and for whom it is tried. */
  credential: string;
  caller: OutsideCaller;
  /** Takes the credential out of what the server answers. */
  scrub: (body: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
  fetch: OutsideFetch;
  version: string;
}): Promise<McpProbe> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  let method = "initialize";
  try {
    const connection = await connectMcp({
      url: new URL(options.url),
      fetch: options.fetch,
      authorization: {
        header: async () => ({ value: options.authorization, credential: options.credential }),
        renewed: async () => null,
        scrubber: async () => options.scrub,
      },
      mayReach: async () => () => "mcp_server_url",
      caller: options.caller,
      version: options.version,
      signal,
      onToolsChanged: () => undefined,
    });
    try {
      method = "tools/list";
      await connection.listTools(signal);
      return { works: true };
    } finally {
      await connection.close();
    }
  } catch (error) {
    if (error instanceof McpFailure) return { works: false, method, answer: error.answer };
    if (signal.aborted) return { works: false, method, answer: null };
    throw error;
  }
}
