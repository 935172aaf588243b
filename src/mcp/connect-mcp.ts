// A connection to one MCP server, by streamable HTTP or, where it knows only that, by SSE.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { SSEClientTransport } from "@modelcontextprotocol/sdk/client/sse.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { RequestOptions } from "@modelcontextprotocol/sdk/shared/protocol.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ErrorCode, McpError, ToolListChangedNotificationSchema } from "@modelcontextprotocol/sdk/types.js";
import { messageOf } from "../lib/errors.ts";
import { visibleProse } from "../lib/visible-text.ts";
import { type ListedTool, offerable, saidList } from "./listed-tools.ts";
import { McpFailure } from "./mcp-failure.ts";
import { CALL_ID, createMcpFetch, type McpFetchOptions } from "./mcp-fetch.ts";
import { type SaidResult, saidResult } from "./read-result.ts";

export type McpConnection = {
  /** In the server's order, the first `MAX_LISTED`, without those that can't be offered. Throws `McpFailure`. */
  listTools(signal: AbortSignal): Promise<ListedTool[]>;
  /** Sends it once, and waits for the answer. Throws `McpFailure`, or the signal's reason when it is aborted: the server is told then. */
  call(input: {
    callId: string;
    tool: string;
    arguments: Record<string, unknown>;
    signal: AbortSignal;
  }): Promise<SaidResult>;
  close(): Promise<void>;
};

export type ConnectOptions = Omit<McpFetchOptions, "onAnswerEnd" | "onAbuse"> & {
  version: string;
  signal: AbortSignal;
  onToolsChanged: () => void;
};

const BEGIN_MS = 30_000;
/** Without a sign of progress. */
const CALL_MS = 10 * 60_000;
const MAX_CALL_MS = 60 * 60_000;
const BYE_MS = 1_000;
/** All pages of a list. */
const LIST_MS = 60_000;
/** Of what a server says of an error. */
const MAX_SAID = 2_000;
const MAX_LISTED = 512;
const MAX_PAGES = 50;
/** What answers so to a request of today may be a server of the time before. */
const MAY_BE_SSE: ReadonlySet<number> = new Set([400, 404, 405]);

/** Throws `McpFailure`. */
export async function connectMcp(options: ConnectOptions): Promise<McpConnection> {
  try {
    return await connectBy(options, "streamable");
  } catch (error) {
    if (!(error instanceof McpFailure) || !MAY_BE_SSE.has(error.answer?.status ?? 0)) throw error;
    return connectBy(options, "sse").catch((second: unknown) => {
      // The first answer says more than that there is no stream either.
      throw second instanceof McpFailure && second.kind !== "connection" ? second : error;
    });
  }
}

async function connectBy(options: ConnectOptions, kind: "streamable" | "sse"): Promise<McpConnection> {
  /** Of calls that wait: gives them up, since no answer can come any more. */
  const waiting = new Map<string, { resumable: boolean; giveUp: (failure: McpFailure) => void }>();
  const lost = () =>
    new McpFailure("connection", "The connection to the MCP server ended before it answered.", { mayHaveRun: true });
  let heard: unknown = null;
  const fetch = createMcpFetch({
    ...options,
    onAbuse: () => void client.close(),
    onAnswerEnd(callId) {
      const call = waiting.get(callId);
      // What was in it is taken in first. By SSE the answer comes on the other stream.
      if (kind === "streamable" && call && !call.resumable) setImmediate(() => setImmediate(() => call.giveUp(lost())));
    },
  });
  const watched: typeof fetch = async (...asked) => {
    try {
      return await fetch(...asked);
    } catch (error) {
      heard = error;
      throw error;
    }
  };
  const transport = (
    kind === "sse"
      ? new SSEClientTransport(options.url, { fetch: watched })
      : new StreamableHTTPClientTransport(options.url, { fetch: watched })
  ) as Transport;
  const client = new Client({ name: "berth", version: options.version }, { capabilities: {} });
  client.onerror = (error) => {
    // Said after the last attempt to take a stream up again.
    if (!/reconnection attempts/i.test(error.message)) return;
    for (const call of waiting.values()) if (call.resumable) call.giveUp(lost());
  };
  client.onclose = () => {
    for (const call of waiting.values()) call.giveUp(lost());
  };
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => options.onToolsChanged());

  async function ask<T>(signal: AbortSignal, work: (options: RequestOptions) => Promise<T>): Promise<T> {
    heard = null;
    try {
      return await work({ signal, timeout: BEGIN_MS, maxTotalTimeout: BEGIN_MS });
    } catch (error) {
      signal.throwIfAborted();
      throw toFailure(heard instanceof McpFailure ? heard : error);
    }
  }

  try {
    await ask(options.signal, (request) => withinLimit(client.connect(transport, request), BEGIN_MS));
  } catch (error) {
    await client.close();
    throw error;
  }

  return {
    async listTools(signal) {
      const said: unknown[] = [];
      const late = AbortSignal.timeout(LIST_MS);
      let cursor: string | undefined;
      for (let page = 0; page < MAX_PAGES && said.length < MAX_LISTED; page++) {
        const params = cursor === undefined ? {} : { cursor };
        const answer = await ask(AbortSignal.any([signal, late]), (request) =>
          client.request({ method: "tools/list", params }, saidList, request),
        ).catch((error: unknown) => {
          throw late.aborted && !signal.aborted ? notInTime(error) : error;
        });
        said.push(...answer.tools.slice(0, MAX_LISTED));
        cursor = answer.nextCursor ?? undefined;
        if (cursor === undefined) break;
      }
      return offerable(said.slice(0, MAX_LISTED));
    },
    async call({ callId, tool, arguments: args, signal }) {
      const given = new Promise<never>((_, reject) => {
        waiting.set(callId, { resumable: false, giveUp: reject });
      });
      const asked = client.request(
        { method: "tools/call", params: { name: tool, arguments: args, _meta: { [CALL_ID]: callId } } },
        saidResult,
        {
          ...{ signal, timeout: CALL_MS, maxTotalTimeout: MAX_CALL_MS, resetTimeoutOnProgress: true },
          onprogress: () => undefined,
          onresumptiontoken() {
            const call = waiting.get(callId);
            if (call) call.resumable = true;
          },
        },
      );
      try {
        return await Promise.race([asked, given]);
      } catch (error) {
        signal.throwIfAborted();
        throw toFailure(error);
      } finally {
        waiting.delete(callId);
        // It may have been given up.
        asked.catch(() => undefined);
      }
    },
    async close() {
      if (transport instanceof StreamableHTTPClientTransport)
        await withinLimit(transport.terminateSession(), BYE_MS).catch(() => undefined); // The server forgets it in time.
      await client.close();
    },
  };
}

/** Servers use the same codes for what they like. */
const SDKS_OWN = /: (Connection closed|Request timed out|Maximum total timeout exceeded)$/;

function toFailure(error: unknown): McpFailure {
  if (error instanceof McpFailure) return error;
  if (error instanceof McpError) {
    const own = SDKS_OWN.test(error.message);
    if (own && error.code === ErrorCode.RequestTimeout) return notInTime(error);
    if (own && error.code === ErrorCode.ConnectionClosed)
      return new McpFailure("connection", "The connection to the MCP server ended.", {
        mayHaveRun: true,
        cause: error,
      });
    return new McpFailure("answered", shortly(error.message), { mayHaveRun: false, cause: error });
  }
  return new McpFailure("connection", `The MCP server did not answer as MCP servers do: ${shortly(messageOf(error))}`, {
    ...{ mayHaveRun: true, cause: error },
  });
}

function notInTime(cause?: unknown): McpFailure {
  return new McpFailure("connection", "The MCP server did not answer in time.", { mayHaveRun: true, cause });
}

/** A server may say as much of an error as of a result. */
function shortly(text: string): string {
  const shown = visibleProse(text.slice(0, MAX_SAID).toWellFormed());
  return text.length > MAX_SAID ? `${shown}…` : shown;
}

async function withinLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(notInTime()), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
