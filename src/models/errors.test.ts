// Each way a gateway can fail is told apart, with a text that helps and never shows a key.
import { describe, expect, test } from "vitest";
import { ModelError, modelErrorInStream, modelErrorOfConnection, modelErrorOfResponse } from "./errors.ts";

const gateway = { url: "http://gateway.test:4000", keySent: true };
const NOW = Date.parse("2026-11-22T12:00:00Z");
const body = (message: string, type: string | null = null, code = "400") =>
  JSON.stringify({ error: { message, type, param: null, code } });

const table: [string, number, string, string, boolean][] = [
  [
    "the context is too long",
    400,
    body("litellm.ContextWindowExceededError: litellm.BadRequestError: ...", "invalid_request_error"),
    "context_length",
    false,
  ],
  [
    "the context is too long (plain OpenAI)",
    400,
    body("This model's maximum context length is 128000 tokens."),
    "context_length",
    false,
  ],
  ["the key is wrong, without a database", 400, body("No connected db.", "no_db_connection"), "gateway_auth", false],
  [
    "the key is wrong",
    401,
    body("Authentication Error, Invalid proxy server token passed", "auth_error", "401"),
    "gateway_auth",
    false,
  ],
  [
    "the gateway's own key is wrong",
    401,
    body("litellm.AuthenticationError: AuthenticationError: OpenAIException", "authentication_error", "401"),
    "gateway_auth",
    false,
  ],
  [
    "something is forbidden",
    403,
    body("litellm.PermissionDeniedError: no", "permission_error", "403"),
    "gateway_auth",
    false,
  ],
  [
    "the model is unknown",
    400,
    body("Invalid model name passed in model=nope. Call `/v1/models`", "invalid_request_error"),
    "unknown_model",
    false,
  ],
  [
    "the key may not use the model",
    401,
    body("key not allowed to access model", "key_model_access_denied", "401"),
    "unknown_model",
    false,
  ],
  [
    "the model is unknown upstream",
    404,
    body("The model `nope` does not exist", "invalid_request_error", "model_not_found"),
    "unknown_model",
    false,
  ],
  [
    "the budget is used up",
    400,
    body("Budget has been exceeded! Current cost: 2, Max budget: 1", "budget_exceeded"),
    "budget_exceeded",
    false,
  ],
  ["the request is bad", 400, body("litellm.BadRequestError: tools[0] is wrong", "api_error"), "bad_request", false],
  ["the request is too large", 413, body("litellm.APIError", "api_error", "413"), "bad_request", false],
  ["the request can't be processed", 422, body("unprocessable", null, "422"), "bad_request", false],
  [
    "the proxy trips over an upstream 422",
    500,
    body("litellm.APIError: 'NoneType' object has no attribute '__aiter__'", null, "500"),
    "bad_request",
    false,
  ],
  ["the path does not exist", 404, '{"detail":"Not Found"}', "bad_request", false],
  ["the path does not exist on a web page", 404, "<html>nope</html>", "bad_request", false],
  [
    "the rate is limited",
    429,
    body("litellm.RateLimitError: RateLimitError", "throttling_error", "429"),
    "rate_limited",
    true,
  ],
  [
    "all deployments cool down",
    429,
    body("No deployments available", "all_deployments_in_cooldown", "429"),
    "rate_limited",
    true,
  ],
  ["the upstream timed out", 408, body("litellm.Timeout: APITimeoutError", null, "408"), "upstream_unavailable", true],
  [
    "the upstream failed",
    500,
    body("litellm.InternalServerError", "internal_server_error", "500"),
    "upstream_unavailable",
    true,
  ],
  ["the answer is plain text", 500, "Internal Server Error", "upstream_unavailable", true],
  ["the proxy in front is down", 502, "<html><h1>Bad gateway</h1></html>", "upstream_unavailable", true],
  ["the upstream is overloaded", 529, body("Overloaded", "overloaded_error", "529"), "upstream_unavailable", true],
];

test.each(table)("when %s (%i) the kind is right", (_when, status, text, kind, retryable) => {
  const error = modelErrorOfResponse({ status, body: text, headers: {} }, gateway, NOW);
  expect({ kind: error.kind, retryable: error.retryable }).toEqual({ kind, retryable });
  expect(error).toBeInstanceOf(ModelError);
});

describe("messages", () => {
  test("a refused key names the URL and the setting", () => {
    const error = modelErrorOfResponse({ status: 401, body: body("bad", "auth_error"), headers: {} }, gateway, NOW);
    expect(error.message).toBe(
      "The gateway at http://gateway.test:4000 refused the key (401). Set LITELLM_API_KEY to a key that this gateway accepts.",
    );
  });

  test("a missing key is told apart from a wrong one, also when the gateway answers a bare 500", () => {
    const failure = { status: 500, body: "Internal Server Error", headers: {} };
    const error = modelErrorOfResponse(failure, { ...gateway, keySent: false }, NOW);
    expect(error.kind).toBe("gateway_auth");
    expect(error.message).toContain("wants a key");
  });

  test("the provider's refusal points at the gateway's configuration, not at our key", () => {
    const text = body("litellm.AuthenticationError: wrong", "authentication_error", "401");
    const error = modelErrorOfResponse({ status: 401, body: text, headers: {} }, gateway, NOW);
    expect(error.message).toContain("provider keys in the gateway's configuration");
    expect(error.message).not.toContain("LITELLM_API_KEY");
  });

  test.each(["sk-proj-abcdefghijklmnop", "sk-lite_0123456789", "Bearer abc.def.ghi"])(
    "a key is never repeated: %s",
    (key) => {
      const text = body(`litellm.BadRequestError: Incorrect API key provided: ${key}. See docs.`);
      const error = modelErrorOfResponse({ status: 400, body: text, headers: {} }, gateway, NOW);
      expect(error.message).not.toContain(key.replace("Bearer ", "").slice(3, 12));
      expect(error.message).toContain("See docs.");
    },
  );

  test("a long text is cut and put on one line", () => {
    const error = modelErrorOfResponse({ status: 400, body: body("x\n".repeat(5_000)), headers: {} }, gateway, NOW);
    expect(error.message.length).toBeLessThan(700);
    expect(error.message).not.toContain("\n");
  });
});

test.each([
  ["seconds", { "retry-after": "3" }, 3_000],
  ["seconds of the provider behind LiteLLM", { "llm_provider-retry-after": "7" }, 7_000],
  ["the gateway's own before the provider's", { "retry-after": "3", "llm_provider-retry-after": "7" }, 3_000],
  ["a date", { "retry-after": "Sun, 22 Nov 2026 12:00:09 GMT" }, 9_000],
  ["nothing", {}, null],
  ["nonsense", { "retry-after": "soon" }, null],
])("the wait asked for is read from %s", (_from, headers, ms) => {
  expect(modelErrorOfResponse({ status: 429, body: "", headers }, gateway, NOW).retryAfterMs).toBe(ms);
});

test.each([
  [
    "a broken connection upstream",
    { message: "litellm.APIError: Server disconnected", type: null, code: "500" },
    "stream_interrupted",
  ],
  ["an unknown shape", "boom", "stream_interrupted"],
  ["a rate limit", { message: "slow down", code: 429 }, "rate_limited"],
  ["a context overflow", { message: "litellm.ContextWindowExceededError: x", code: "400" }, "context_length"],
])("inside a stream, %s becomes %#", (_what, error, kind) => {
  expect(modelErrorInStream(error, gateway, null).kind).toBe(kind);
});

test.each([
  ["ECONNREFUSED", "gateway_unreachable", "is the gateway running?"],
  ["ENOTFOUND", "gateway_unreachable", "can't be resolved"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "gateway_unreachable", "not trusted"],
  ["ECONNRESET", "gateway_unreachable", "failed"],
  ["UND_ERR_HEADERS_TIMEOUT", "timeout", "too long"],
])("a connection that fails with %s says what to check", (code, kind, hint) => {
  const cause = Object.assign(new Error("x"), { code });
  const error = modelErrorOfConnection(new TypeError("fetch failed", { cause }), gateway);
  expect(error.kind).toBe(kind);
  expect(error.message).toContain(hint);
  expect(error.message).toContain(gateway.url);
});
