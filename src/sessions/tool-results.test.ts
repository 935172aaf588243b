// Every outcome of an operation tells the model what it needs to know.
import { expect, test } from "vitest";
import type { OperationResult } from "../sandboxes/sandbox.ts";
import { toToolResult } from "./tool-results.ts";

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
])("%s", (_name, given, expected) => expect(toToolResult(given)).toEqual(expected));

test("an unknown end warns that it may have run", () => {
  const { content, isError } = toToolResult(result({ outcome: "unknown", content: "half" }));
  expect(isError).toBe(true);
  expect(JSON.stringify(content)).toMatch(/half.*may have run/s);
});
