// From anything that was thrown to the API's error answer. One place for all routes.
import { type ErrorCode, PlatformError } from "../lib/errors.ts";

const typeByCode = {
  invalid_request: "invalid_request_error",
  authentication_failed: "authentication_error",
  permission_denied: "permission_error",
  not_found: "not_found_error",
  conflict: "conflict_error",
  sandbox_gone: "api_error",
  request_too_large: "request_too_large",
  packages_failed: "invalid_request_error",
  rate_limited: "rate_limit_error",
  internal: "api_error",
  not_supported: "invalid_request_error",
  unavailable: "api_error",
  sandbox_unavailable: "api_error",
  lease_lost: "api_error",
  overloaded: "overloaded_error",
} as const satisfies Record<ErrorCode, string>;

const RETRY_AFTER_S = "1";

export type ErrorAnswer = {
  status: number;
  body: { type: "error"; error: { type: string; message: string }; request_id: string };
  headers: Record<string, string>;
};

/** Says whether a failure that is not ours (a driver's, a gateway's) is one that callers can expect, and which. */
export type TranslateError = (error: unknown) => PlatformError | null;

/** What is not an expected failure is a bug: the caller learns the request id only. */
export function expectedError(error: unknown, translate: TranslateError): PlatformError {
  if (error instanceof PlatformError) return error;
  return (
    translate(error) ??
    new PlatformError("internal", "Internal error. The log has more under this request id.", { cause: error })
  );
}

export function toErrorAnswer(error: PlatformError, requestId: string): ErrorAnswer {
  const { status } = error;
  return {
    status,
    body: {
      type: "error",
      error: { type: typeByCode[error.code], message: error.message },
      request_id: requestId,
    },
    headers: {
      "request-id": requestId,
      ...(status === 429 || status === 503 || status === 529 ? { "retry-after": RETRY_AFTER_S } : {}),
      // The rest of a body that is too large is not read, so the connection cannot be used again.
      ...(status === 413 ? { connection: "close" } : {}),
    },
  };
}
