// What can go wrong with a model request: one class, a kind for programs, a text that says which URL and what to check.

/** Every failure the worker tells apart, and whether waiting can help. */
const retryableByKind = {
  /** The prompt is too long for the model: compact, then ask once more. */
  context_length: false,
  /** The gateway, or the provider behind it, refuses the key. */
  gateway_auth: false,
  budget_exceeded: false,
  unknown_model: false,
  bad_request: false,
  rate_limited: true,
  upstream_unavailable: true,
  /** The answer broke off: its text is void, the whole request is made again. */
  stream_interrupted: true,
  gateway_unreachable: true,
  timeout: true,
} as const;
export type ModelErrorKind = keyof typeof retryableByKind;

/** An expected failure of a model request. Its message never holds a key. */
export class ModelError extends Error {
  readonly kind: ModelErrorKind;
  /** The wait that the gateway asked for. */
  readonly retryAfterMs: number | null;
  readonly status: number | null;
  /** The gateway's id of the call, for its operator's logs. */
  readonly callId: string | null;
  constructor(
    kind: ModelErrorKind,
    message: string,
    options: ErrorOptions & { retryAfterMs?: number | null; status?: number | null; callId?: string | null } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "ModelError";
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.status = options.status ?? null;
    this.callId = options.callId ?? null;
  }
  get retryable(): boolean {
    return retryableByKind[this.kind];
  }
}

/** What is said about a gateway in messages. */
export type GatewayName = { url: string; keySent: boolean };

/** An HTTP answer that is an error. Header names are lower case. */
export type HttpFailure = { status: number; body: string; headers: Readonly<Record<string, string | undefined>> };

type Facts = { status: number; type: string; message: string; body: string; keySent: boolean };
type Rule = { kind: ModelErrorKind; when: (facts: Facts) => boolean; say: (facts: Facts, url: string) => string };

/** First match wins. LiteLLM loses the provider's own error code, so some rules must read its text. */
const rules: Rule[] = [
  {
    kind: "context_length",
    when: ({ message, type }) =>
      /ContextWindowExceededError|context_length_exceeded|maximum context length|prompt is too long/i.test(
        `${type} ${message}`,
      ),
    say: ({ message }) => `The conversation is longer than the model's context window. ${message}`,
  },
  {
    kind: "budget_exceeded",
    when: ({ type, message }) =>
      type === "budget_exceeded" || /budget has been exceeded|insufficient_quota/i.test(`${type} ${message}`),
    say: ({ message }, url) =>
      `The budget at the gateway ${url} is used up: raise it there or use another key. ${message}`,
  },
  {
    kind: "unknown_model",
    when: ({ type, message, status }) =>
      /_model_access_denied$/.test(type) ||
      /Invalid model name|model_not_found|no healthy deployments for this model/i.test(`${type} ${message}`) ||
      (status === 404 && /not exist|not found/i.test(message.slice(message.search(/model|$/i)))),
    say: ({ message }, url) =>
      `The gateway at ${url} has no such model for this key. Choose one of ${url}/v1/models, or add it to the gateway. ${message}`,
  },
  {
    kind: "gateway_auth",
    when: ({ status, message }) =>
      (status === 401 || status === 403) && /litellm\.\w*(Authentication|Permission)/.test(message),
    say: ({ status, message }, url) =>
      `The provider behind the gateway at ${url} refused the gateway's own key (${status}): check the provider keys in the gateway's configuration. ${message}`,
  },
  {
    kind: "gateway_auth",
    when: ({ status, type, body, keySent }) =>
      status === 401 ||
      status === 403 ||
      ["no_db_connection", "auth_error", "expired_key", "token_not_found_in_db"].includes(type) ||
      (status === 500 && !keySent && !body.trimStart().startsWith("{")),
    say: ({ status, keySent }, url) =>
      keySent
        ? `The gateway at ${url} refused the key (${status}). Set LITELLM_API_KEY to a key that this gateway accepts.`
        : `The gateway at ${url} wants a key (${status}). Set LITELLM_API_KEY.`,
  },
  {
    kind: "bad_request",
    when: ({ status, type, message }) => status === 404 && type === "" && message === "",
    say: (_facts, url) =>
      `There is no /v1/chat/completions at ${url} (404). Check LITELLM_GATEWAY_URL: it must be the address of a LiteLLM (OpenAI-compatible) gateway.`,
  },
  {
    kind: "rate_limited",
    when: ({ status }) => status === 429,
    say: ({ message }, url) => `The gateway at ${url} limits the rate of requests (429). ${message}`,
  },
  {
    // A bug of LiteLLM turns the provider's 422 into this 500: asking again gives the same.
    kind: "bad_request",
    when: ({ status, message }) => status === 500 && message.includes("'NoneType' object"),
    say: ({ message }, url) => `The provider behind the gateway at ${url} can't work with this request. ${message}`,
  },
  {
    kind: "upstream_unavailable",
    when: ({ status }) => status === 408 || status >= 500,
    say: ({ status, message }, url) =>
      `The gateway at ${url} or the model behind it is not available (${status}). ${message}`,
  },
  {
    kind: "bad_request",
    when: () => true,
    say: ({ status, message }, url) => `The gateway at ${url} refused the request (${status}). ${message}`,
  },
];

/** The error that an HTTP answer means. `now` is needed for a Retry-After that is a date. */
export function modelErrorOfResponse(failure: HttpFailure, gateway: GatewayName, now: number): ModelError {
  const { type, message } = readErrorBody(failure.body);
  const facts = {
    status: failure.status,
    type,
    message: forPeople(message),
    body: failure.body,
    keySent: gateway.keySent,
  };
  const rule = firstMatch(facts);
  return new ModelError(rule.kind, rule.say(facts, gateway.url).trim(), {
    status: failure.status,
    retryAfterMs: retryAfterMs(failure.headers, now),
    callId: failure.headers["x-litellm-call-id"] ?? null,
  });
}

/** The error that an error object inside a stream means: HTTP 200 was already sent, so only its `code` and text tell. */
export function modelErrorInStream(error: unknown, gateway: GatewayName, callId: string | null): ModelError {
  const { type, message, code } = fieldsOf(error);
  const status = Number(code);
  const facts = {
    status: Number.isInteger(status) ? status : 500,
    type,
    message: forPeople(message),
    body: "{}",
    keySent: true,
  };
  const { kind, say } = firstMatch(facts);
  const options = { status: facts.status, callId };
  if (kind === "context_length" || kind === "rate_limited" || kind === "budget_exceeded") {
    return new ModelError(kind, say(facts, gateway.url).trim(), options);
  }
  return new ModelError(
    "stream_interrupted",
    `The model's answer broke off at the gateway ${gateway.url}. ${facts.message}`.trim(),
    options,
  );
}

/** The error that a failed connection means, before an answer began. */
export function modelErrorOfConnection(error: unknown, gateway: GatewayName): ModelError {
  const code = networkCode(error);
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    return new ModelError("timeout", `The gateway at ${gateway.url} took too long to answer.`, { cause: error });
  }
  const hint =
    code === "ECONNREFUSED"
      ? "Nothing listens there: is the gateway running?"
      : code === "ENOTFOUND" || code === "EAI_AGAIN"
        ? "The host name can't be resolved."
        : code !== null && /CERT|TLS|SSL/.test(code)
          ? "Its TLS certificate is not trusted."
          : "The connection failed.";
  return new ModelError(
    "gateway_unreachable",
    `The gateway at ${gateway.url} can't be reached${code === null ? "" : ` (${code})`}. ${hint} Check LITELLM_GATEWAY_URL.`,
    { cause: error },
  );
}

/** Text of an upstream made safe to show: one line, short, without anything that looks like a key. */
function forPeople(text: string): string {
  const line = text
    .replace(/\s+/g, " ")
    .replace(/\b(sk|pk|rk|gsk|xai|AIza)[-_][A-Za-z0-9_\-*.]{4,}/g, "$1-…")
    .replace(/\bBearer\s+\S+/gi, "Bearer …")
    .trim();
  return line.length > 500 ? `${line.slice(0, 500)}…` : line;
}

function firstMatch(facts: Facts): Rule {
  const rule = rules.find((candidate) => candidate.when(facts));
  if (rule === undefined) throw new Error("the last rule matches everything");
  return rule;
}

function retryAfterMs(headers: HttpFailure["headers"], now: number): number | null {
  const value = headers["retry-after"] ?? headers["llm_provider-retry-after"];
  if (value === undefined || value.trim() === "") return null;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms >= 0 ? ms : null;
}

/** Gateways answer JSON of several shapes, or plain text. */
function readErrorBody(body: string): { type: string; message: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { type: "", message: /^\s*</.test(body) ? "" : body };
  }
  if (!isRecord(parsed)) return { type: "", message: "" };
  return fieldsOf(parsed.error ?? parsed);
}

function fieldsOf(error: unknown): { type: string; message: string; code: string } {
  if (typeof error === "string") return { type: "", message: error, code: "" };
  if (!isRecord(error)) return { type: "", message: "", code: "" };
  return { type: textOf(error.type), message: textOf(error.message), code: textOf(error.code) };
}

function textOf(value: unknown): string {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "None" ? value : "";
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function networkCode(error: unknown): string | null {
  let current = error;
  for (let depth = 0; depth < 6 && current instanceof Error; depth++) {
    if ("code" in current && typeof current.code === "string") return current.code;
    current = current.cause;
  }
  return null;
}
