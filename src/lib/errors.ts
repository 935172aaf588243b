// Expected failures: a code for programs, a text for people, and the HTTP status each code becomes.

/** Every failure a caller may want to tell apart, and the HTTP status it becomes. */
const statusByCode = {
  invalid_request: 400,
  authentication_failed: 401,
  permission_denied: 403,
  not_found: 404,
  conflict: 409,
  sandbox_gone: 410,
  request_too_large: 413,
  packages_failed: 422,
  rate_limited: 429,
  internal: 500,
  not_supported: 501,
  unavailable: 503,
  sandbox_unavailable: 503,
  lease_lost: 503,
  overloaded: 529,
} as const;
export type ErrorCode = keyof typeof statusByCode;

/** An expected failure. Anything else that is thrown is a bug and becomes `internal`. */
export class PlatformError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "PlatformError";
    this.code = code;
  }
  get status(): number {
    return statusByCode[this.code];
  }
  /** Waiting can help: the same call may succeed later without a change. */
  get retryable(): boolean {
    return this.status >= 500 && this.code !== "internal" && this.code !== "not_supported";
  }
}

/** True for a `PlatformError` with this code. */
export function hasCode(error: unknown, code: ErrorCode): error is PlatformError {
  return error instanceof PlatformError && error.code === code;
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
