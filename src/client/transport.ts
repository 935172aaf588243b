// One HTTP call to Berth: credentials, errors, and safe retries.
import { type Clock, systemClock } from "../lib/clock.ts";
import { ConnectionError, readApiError } from "./api-error.ts";
import type { ServerTime } from "./server-clock.ts";

export type ClientOptions = {
  /** Empty in the browser: the page's own server. */
  baseUrl?: string;
  /** Absent in the browser: the session cookie is used. */
  apiKey?: string;
  fetch?: typeof fetch;
  clock?: Clock;
  /** Told of the time that each answer carries. */
  onServerTime?: (time: ServerTime) => void;
};

type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

type CallOptions = {
  query?: Query;
  body?: unknown;
  /** Sent as they are, instead of `body`. */
  bytes?: Blob | Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

export type Transport = {
  /** The answer's JSON. `T` is what the API's contract promises for this route; the server is trusted. */
  json<T>(method: "GET" | "POST" | "DELETE", path: string, options?: CallOptions): Promise<T>;
  /** One attempt; the answer as it is, good or bad, its body unread. */
  send(method: "GET" | "POST" | "DELETE", path: string, options?: CallOptions): Promise<Response>;
  /** Opens a WebSocket; whether it may is told by its end. */
  socket(path: string, query: Query): WebSocket;
  readonly clock: Clock;
};

const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 4_000;

export function createTransport(options: ClientOptions): Transport {
  const baseUrl = (options.baseUrl ?? "").replace(/\/+$/, "");
  const fetchAnswer = options.fetch ?? ((input, init) => fetch(input, init));
  const clock = options.clock ?? systemClock;

  async function send(method: string, path: string, call: CallOptions): Promise<Response> {
    const headers = new Headers(call.headers);
    if (options.apiKey) headers.set("x-api-key", options.apiKey);
    // A custom header cannot be sent by a form of another site, so the cookie alone never changes anything.
    else if (method !== "GET") headers.set("x-berth-csrf", "1");
    if (call.body !== undefined) headers.set("content-type", "application/json");
    else if (call.bytes !== undefined) headers.set("content-type", "application/octet-stream");
    const body = call.body === undefined ? call.bytes : JSON.stringify(call.body);
    const sentMs = clock.now();
    try {
      const answer = await fetchAnswer(baseUrl + path + toQueryString(call.query), {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
        ...(call.signal ? { signal: call.signal } : {}),
      });
      const serverMs = Date.parse(answer.headers.get("date") ?? "");
      if (Number.isFinite(serverMs)) options.onServerTime?.({ serverMs, sentMs, receivedMs: clock.now() });
      return answer;
    } catch (error) {
      if (call.signal?.aborted) throw error;
      throw new ConnectionError(error);
    }
  }

  /**
   * Every POST has an idempotency key: the server answers a repeated one with its first answer.
   * So a lost answer and a 503 can be tried again without doing anything twice.
   */
  async function sendUntilAnswered(method: string, path: string, call: CallOptions): Promise<Response> {
    const headers = method === "POST" ? { "idempotency-key": randomKey(), ...call.headers } : { ...call.headers };
    for (let attempts = 1; ; attempts++) {
      const last = attempts === MAX_ATTEMPTS;
      try {
        const response = await send(method, path, { ...call, headers });
        if (last || response.status !== 503) return response;
        await response.body?.cancel();
        await clock.sleep(delayMs(attempts, response.headers.get("retry-after")), call.signal);
      } catch (error) {
        if (last || !(error instanceof ConnectionError)) throw error;
        await clock.sleep(delayMs(attempts, null), call.signal);
      }
    }
  }

  return {
    async json<T>(method: "GET" | "POST" | "DELETE", path: string, call: CallOptions = {}): Promise<T> {
      const response = await sendUntilAnswered(method, path, call);
      if (!response.ok) throw await readApiError(response);
      const text = await response.text();
      // The contract names the type; a 204 has no body and its callers expect nothing.
      return (text === "" ? undefined : JSON.parse(text)) as T;
    },
    send: (method, path, call = {}) => send(method, path, call),
    socket(path, query) {
      const url = new URL(baseUrl + path + toQueryString(query), baseUrl === "" ? window.location.href : undefined);
      url.protocol = url.protocol.replace("http", "ws");
      if (!options.apiKey) return new WebSocket(url);
      // Beyond the standard, which browsers keep to: Node's takes headers.
      const init = { headers: { "x-api-key": options.apiKey } } as unknown as string[];
      return new WebSocket(url, init);
    },
    clock,
  };
}

/** Lists are written `name[]=a&name[]=b`, as the API's SDKs do. */
function toQueryString(query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (typeof value === "object") for (const item of value) params.append(`${name}[]`, item);
    else params.append(name, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

function delayMs(attempts: number, retryAfter: string | null): number {
  const asked = Number(retryAfter);
  const own = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), MAX_DELAY_MS);
  return Math.max(own * (0.75 + Math.random() / 2), Math.min(Number.isFinite(asked) ? asked * 1000 : 0, 10_000));
}

/** A key for one intent. `crypto.randomUUID` is missing on pages that were loaded by plain HTTP from another host than localhost. */
export function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
