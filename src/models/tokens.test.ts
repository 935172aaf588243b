// Guessed token counts grow with everything that is sent.
import { expect, test } from "vitest";
import { estimateTextTokens, estimateTokens } from "./tokens.ts";

test.each([
  ["", 0],
  ["word", 1],
  ["a".repeat(4_000), 1_000],
  ["日本語テキスト", 5],
])("text %# is counted by its characters", (text, tokens) => expect(estimateTextTokens(text)).toBe(tokens));

test("system prompt, tools, messages and tool calls all count", () => {
  const user = { role: "user" as const, content: [{ type: "text" as const, text: "a".repeat(400) }] };
  const alone = estimateTokens([user]);
  expect(alone).toBe(104);
  expect(estimateTokens([user], { system: "b".repeat(400) })).toBe(alone + 100);
  const tool = { name: "bash", description: "c".repeat(400), inputSchema: {} };
  expect(estimateTokens([user], { tools: [tool] })).toBeGreaterThan(alone + 100);
  const assistant = {
    role: "assistant" as const,
    text: "",
    toolCalls: [{ id: "1", name: "bash", input: { command: "d".repeat(400) } }],
  };
  expect(estimateTokens([user, assistant])).toBeGreaterThan(alone + 100);
});

test("a picture has a fixed size whatever its bytes", () => {
  const image = (data: string) =>
    estimateTokens([{ role: "user", content: [{ type: "image", mediaType: "image/png", data }] }]);
  expect(image("x".repeat(1_000_000))).toBe(image("x"));
});
