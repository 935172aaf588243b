// How the SDK's transports ask an MCP server: with the credential of the moment, no more than a server may say, and failures told apart.
import { messageOf } from "../lib/errors.ts";
import { OutsideFailure, type OutsideFetch, type OutsideInit } from "../lib/outside-fetch.ts";
import { watchBody } from "../lib/watch-body.ts";
import { type HttpAnswer, McpFailure } from "./mcp-failure.ts";

/** Of one answer, or of a stream while a session's turn lasts. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const MAX_TOLD_BYTES = 4_096;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 3;
/** A server ends its stream as often as it likes, and says how soon it is opened again. */
const MAX_STREAMS = 30;
/** To requests of the server's. It is offered nothing: each is a refusal, or says that we are there. */
const MAX_ANSWERS = 60;
const WITHIN_MS = 60_000;
/** The call that a request carries, in its `_meta`: servers may use it to recognise a call. */
export const CALL_ID = "berth.dev/tool_use_id";

/** What is put into each request, and taken out of each answer. */
export type McpAuthorization = {
  /** Null where there is no credential. Throws `McpFailure` when it should have been renewed and was not. */
  header(): Promise<AuthorizationHeader | null>;
  /** The server took this value for invalid: another one, or null when there is none. */
  renewed(refused: string): Promise<AuthorizationHeader | null>;
  /** Asked before a request is sent: what takes credentials out of the answer to it, those that are renewed while it goes on as well. */
  scrubber(): Promise<(body: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>>;
};

/** `value`: of `Authorization`. `credential`: its name. */
export type AuthorizationHeader = { value: string; credential: string };

export type McpFetchOptions = {
  url: URL;
  fetch: OutsideFetch;
  authorization: McpAuthorization;
  /** Whether the session's environment allows a host; see `OutsideInit`. Asked anew for each request. */
  mayReach: () => Promise<NonNullable<OutsideInit["mayReach"]>>;
  /** Null: it is asked for no session. */
  caller: OutsideInit["caller"] | null;
  /** The answer to a request came to its end: a call whose answer was not in it gets none, unless the stream can be taken up again. */
  onAnswerEnd: (callId: string) => void;
  /** It makes us ask it without end: the connection is to be given up. */
  onAbuse: () => void;
};

export function createMcpFetch(options: McpFetchOptions) {
  const { url: server, fetch, authorization } = options;

  async function send(url: URL, init: RequestInit, header: AuthorizationHeader | null): Promise<Response> {
    const mayReach = await options.mayReach();
    const headers = new Headers(init.headers);
    // The transports stay with the server; should they not, the credential does.
    const goes = header !== null && url.origin === server.origin;
    if (goes) headers.set("authorization", header.value);
    const caller = options.caller && { ...options.caller, credentials: goes ? [header.credential] : [] };
    return fetch(url, { ...init, headers, mayReach, redirect: "manual", ...(caller && { caller }) });
  }

  /** What a server redirects stays with the server: credential, session and arguments are meant for nobody else. */
  async function follow(from: URL, init: RequestInit, header: AuthorizationHeader | null): Promise<Response> {
    let url = from;
    for (let hop = 0; ; hop += 1) {
      const answer = await send(url, init, header);
      if (!REDIRECTS.has(answer.status)) return answer;
      await answer.body?.cancel();
      url = redirected(url, answer, { method: init.method ?? "GET", hop });
    }
  }

  const streams = createCounter(MAX_STREAMS);
  const answers = createCounter(MAX_ANSWERS);

  /** Throws `McpFailure`. */
  function refuseAbuse(init: RequestInit): void {
    const { method = "GET", body } = init;
    if (method === "GET" ? streams() : method !== "POST" || isOurs(body) || answers()) return;
    options.onAbuse();
    throw new McpFailure("connection", "The MCP server makes Berth ask it without end, and was left.", {
      mayHaveRun: false,
    });
  }

  return async function mcpFetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(input);
    refuseAbuse(init);
    let answer: Response;
    let scrub: Awaited<ReturnType<McpAuthorization["scrubber"]>>;
    try {
      scrub = await authorization.scrubber();
      const header = await authorization.header();
      answer = await follow(url, init, header);
      if (answer.status === 401 && header !== null) {
        const refused = answer;
        const renewed = await authorization.renewed(header.value).catch(async (error: unknown) => {
          await refused.body?.cancel();
          throw error;
        });
        if (renewed !== null) {
          await refused.body?.cancel();
          answer = await follow(url, init, renewed);
        }
      }
    } catch (error) {
      throw toFailure(error, init.signal);
    }
    const body = answer.body && limited(scrub(answer.body));
    const told = new Response(body, { status: answer.status, statusText: answer.statusText, headers: answer.headers });
    // A server need not offer a stream of its own, nor an end of the session.
    const allowed = answer.status === 405 && init.method !== "POST";
    if (answer.ok || allowed) {
      const callId = callIdOf(init.body);
      return callId === null ? told : watchBody(told, { onEnd: () => options.onAnswerEnd(callId) });
    }
    throw await failureOf(told);
  };
}

/** Where the same request is to be made instead. What the server wrote there is not repeated: it may be a credential. Throws `McpFailure`: nothing was run where a server answers so. */
function redirected(from: URL, answer: Response, { method, hop }: { method: string; hop: number }): URL {
  const location = answer.headers.get("location") ?? "";
  const refused = (why: string) => new McpFailure("connection", `The MCP server ${why}`, { mayHaveRun: false });
  if (!URL.canParse(location, from)) throw refused(`answered ${answer.status} without saying where to go.`);
  const to = new URL(location, from);
  if (to.origin !== from.origin)
    throw refused(
      "redirects to another host, which is not followed. If it has moved, name its new address in the agent.",
    );
  // Only these two keep the method and the body.
  if (method !== "GET" && answer.status !== 307 && answer.status !== 308)
    throw refused(
      `answers a ${method} with a redirect that drops it (${answer.status}). Name the address that it leads to in the agent.`,
    );
  if (hop >= MAX_REDIRECTS) throw refused(`redirects more than ${MAX_REDIRECTS} times.`);
  return to;
}

async function failureOf(answer: Response): Promise<McpFailure> {
  const told = await readStart(answer);
  const { status } = answer;
  if (status === 401 || status === 403)
    return new McpFailure("authentication", `The MCP server refused the request with ${status}.`, {
      ...{ mayHaveRun: false, answer: told },
    });
  const says = /^[\x20-\x7e]{1,200}$/.test(told.body) ? `: ${told.body}` : "";
  // Whoever answers 4xx has not done it; of a 5xx nobody knows.
  return new McpFailure("connection", `The MCP server answered ${status}${says}.`, {
    ...{ mayHaveRun: status >= 500, answer: told },
  });
}

function toFailure(error: unknown, signal: AbortSignal | null | undefined): unknown {
  if (error instanceof McpFailure || signal?.aborted) return error;
  if (!(error instanceof OutsideFailure))
    return new McpFailure("connection", messageOf(error), { mayHaveRun: false, cause: error });
  const kind = error.code === "permission_denied" ? "refused" : "connection";
  return new McpFailure(kind, error.message, { mayHaveRun: error.maybeSent, cause: error });
}

async function readStart(answer: Response): Promise<HttpAnswer> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer.body ?? []) {
      pieces.push(piece);
      bytes += piece.byteLength;
      if (bytes > MAX_TOLD_BYTES) break;
    }
  } catch {
    // What has come of it says enough.
  }
  const start = Buffer.concat(pieces).subarray(0, MAX_TOLD_BYTES);
  const contentType = answer.headers.get("content-type") ?? "";
  return { status: answer.status, contentType, body: start.toString("utf8"), bodyTruncated: bytes > MAX_TOLD_BYTES };
}

/** A server that talks without end ends its answer. */
function limited(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  let bytes = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(piece, controller) {
        bytes += piece.byteLength;
        if (bytes > MAX_ANSWER_BYTES)
          controller.error(new Error(`the answer is longer than ${MAX_ANSWER_BYTES} bytes`));
        else controller.enqueue(piece);
      },
    }),
  );
}

/** False: there were more than `max` within the last minute. */
function createCounter(max: number): () => boolean {
  const times: number[] = [];
  return () => {
    const now = Date.now();
    while (times[0] !== undefined && now - times[0] >= WITHIN_MS) times.shift();
    times.push(now);
    return times.length <= max;
  };
}

/** A request or notification of ours; not an answer to one of the server's. */
function isOurs(body: unknown): boolean {
  if (typeof body !== "string") return true;
  const message: unknown = JSON.parse(body);
  return typeof message === "object" && message !== null && "method" in message;
}

function callIdOf(body: unknown): string | null {
  if (typeof body !== "string" || !body.includes(CALL_ID)) return null;
  const message: { params?: { _meta?: Record<string, unknown> } } = JSON.parse(body);
  const id = message.params?._meta?.[CALL_ID];
  return typeof id === "string" ? id : null;
}
