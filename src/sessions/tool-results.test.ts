// Every outcome of an operation tells the model what it needs to know.
import { expect, test } from "vitest";
import { PlatformError } from "../lib/errors.ts";
import type { OperationResult } from "../sandboxes/sandbox.ts";
import { failureText, toToolResult } from "./tool-results.ts";

const result = (changes: Partial<OperationResult>): OperationResult => ({
  outcome: "ok",
  content: "",
  durationMs: 1,
  ...changes,
});

test.each([
  ["output", result({ content: "hi" }), { content: [{ type: "text", text: "hi" }], isError: false }],
  ["no output", result({}), { content: [], isError: false }],
  [
    "a failure",
    result({ outcome: "failed", content: "no such file" }),
    { content: [{ type: "text", text: "no such file" }], isError: true },
  ],
  [
    "an image",
    result({ image: { mediaType: "image/png", data: "AAAA" } }),
    { content: [{ type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } }], isError: false },
  ],
])("%s", (_name, given, expected) => expect(toToolResult(given)).toEqual({ ...expected, durationMs: 1 }));

test.each([
  ["a command that succeeded", { exitCode: 0, durationMs: 12.4 }, { exitCode: 0, durationMs: 12 }],
  ["one that failed", { outcome: "failed", exitCode: 7 }, { exitCode: 7, durationMs: 1 }],
  ["one that was killed", { outcome: "failed", exitCode: null }, { exitCode: null, durationMs: 1 }],
  ["one of which nobody knows", { outcome: "unknown", exitCode: 0, durationMs: 0 }, {}],
  ["a sandbox that makes figures up", { exitCode: 1e9, durationMs: -1 }, {}],
] as const)("exit code and duration of %s", (_name, given, expected) => {
  const { content: _content, isError: _isError, ...measures } = toToolResult(result(given));
  expect(measures).toEqual(expected);
});

test("an unknown end warns that it may have run", () => {
  const { content, isError } = toToolResult(result({ outcome: "unknown", content: "half" }));
  expect(isError).toBe(true);
  expect(JSON.stringify(content)).toMatch(/half.*may have run/s);
});

test.each([
  [new PlatformError("sandbox_unavailable", "bubblewrap is not installed"), /: bubblewrap is not installed$/],
  [new PlatformError("sandbox_unavailable", "connect ECONNREFUSED /srv/data/run/a.sock"), /log says why\.$/],
  [new PlatformError("internal", "EINVAL, write"), /log says why\.$/],
  [new Error("ENOENT: open '/srv/data/x'"), /log says why\.$/],
  [new PlatformError("invalid_request", "path: /etc/passwd is outside"), /: path: \/etc\/passwd is outside$/],
])("a failure of the sandbox itself is told without places on the host: %s", (error, expected) => {
  const text = failureText("bash", error);
  expect(text).toMatch(expected);
  expect(text).not.toContain("/srv");
});

test("a shell that was restarted unasked is told before the output, once", () => {
  const { content, isError } = toToolResult(result({ content: "out", freshShell: true }));
  expect(isError).toBe(false);
  expect(content).toMatchObject([{ text: expect.stringMatching(/^\[The shell was restarted: /) }, { text: "out" }]);
});
