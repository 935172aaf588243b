// Every expected failure becomes the API's error of its kind; what is not expected tells nothing but its request id.
import { expect, test } from "vitest";
import { type ErrorCode, PlatformError } from "../lib/errors.ts";
import { expectedError, toErrorAnswer } from "./errors.ts";

test.each<[ErrorCode, number, string]>([
  ["invalid_request", 400, "invalid_request_error"],
  ["authentication_failed", 401, "authentication_error"],
  ["permission_denied", 403, "permission_error"],
  ["not_found", 404, "not_found_error"],
  ["conflict", 409, "conflict_error"],
  ["request_too_large", 413, "request_too_large"],
  ["rate_limited", 429, "rate_limit_error"],
  ["internal", 500, "api_error"],
  ["unavailable", 503, "api_error"],
  ["overloaded", 529, "overloaded_error"],
])("%s is %i %s", (code, status, type) => {
  const answer = toErrorAnswer(new PlatformError(code, "why"), "req_1");
  expect(answer).toMatchObject({
    status,
    body: { type: "error", error: { type, message: "why" }, request_id: "req_1" },
  });
  expect(answer.headers["retry-after"]).toBe([429, 503, 529].includes(status) ? "1" : undefined);
});

test("a bug tells nothing of what it saw", () => {
  const bug = new Error("password=hunter2");
  const failure = expectedError(bug, () => null);
  expect(failure.code).toBe("internal");
  expect(JSON.stringify(toErrorAnswer(failure, "req_1"))).not.toContain("hunter2");
  expect(failure.cause).toBe(bug);
});

test("a driver's failure is what the translation says", () => {
  const away = new PlatformError("unavailable", "away");
  expect(expectedError(new Error("ECONNREFUSED"), () => away)).toBe(away);
});
