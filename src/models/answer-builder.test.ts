// What providers send in different shapes becomes one answer.
import { describe, expect, test } from "vitest";
import { createAnswerBuilder, parseToolInput, usageOf } from "./answer-builder.ts";

test.each([
  ['{"a":1}', { input: { a: 1 } }],
  ["", { input: {} }],
  ['{"a":', { input: {}, invalidInput: '{"a":' }],
  ["[1]", { input: {}, invalidInput: "[1]" }],
  ['"ls"', { input: {}, invalidInput: '"ls"' }],
])("tool input %s", (text, parsed) => expect(parseToolInput(text)).toEqual(parsed));

test.each([
  ["plain counts", { prompt_tokens: 100, completion_tokens: 20 }, [100, 20, 0, 0, 0]],
  [
    "cached tokens are not input",
    { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 80 } },
    [20, 20, 80, 0, 0],
  ],
  [
    "Anthropic's names, as LiteLLM passes them",
    { prompt_tokens: 100, completion_tokens: 20, cache_read_input_tokens: 50, cache_creation_input_tokens: 30 },
    [20, 20, 50, 30, 0],
  ],
  [
    "reasoning is part of the output",
    { prompt_tokens: 1, completion_tokens: 9, completion_tokens_details: { reasoning_tokens: 8 } },
    [1, 9, 0, 0, 8],
  ],
  [
    "more cached than sent is no negative input",
    { prompt_tokens: 10, prompt_tokens_details: { cached_tokens: 80 } },
    [0, 0, 80, 0, 0],
  ],
  [
    "nulls count nothing",
    { prompt_tokens: null, completion_tokens: null, prompt_tokens_details: null },
    [0, 0, 0, 0, 0],
  ],
])("usage: %s", (_what, counts, [inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, reasoningTokens]) => {
  expect(usageOf(counts)).toEqual({ inputTokens, outputTokens, cacheReadTokens, cacheCreationTokens, reasoningTokens });
});

describe("an answer builder", () => {
  test("keeps the last cost and counts", () => {
    const builder = createAnswerBuilder();
    builder.addRawChunk({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, cost: 0.1 } });
    builder.addRawChunk({ choices: [], usage: { prompt_tokens: 2, completion_tokens: 3, cost: 0.2 } });
    expect(builder.gatewayUsd).toBe(0.2);
    expect(builder.usage).toMatchObject({ inputTokens: 2, outputTokens: 3 });
  });

  test.each([null, "text", {}, { choices: null }, { choices: [{}] }, { usage: { cost: "free" } }])(
    "survives the chunk %j",
    (chunk) => {
      const builder = createAnswerBuilder();
      builder.addRawChunk(chunk);
      expect(builder.gatewayUsd).toBeNull();
    },
  );

  test.each([
    ["stop", false, "stop"],
    ["stop", true, "tool_calls"],
    ["tool-calls", false, "stop"],
    ["tool-calls", true, "tool_calls"],
    ["length", true, "length"],
    ["content-filter", false, "content_filter"],
    ["other", false, "other"],
  ])("finish %s with tool calls: %s is %s", (reason, called, finish) => {
    const builder = createAnswerBuilder();
    if (called) builder.addToolCall({ id: "1", name: "bash", input: "{}" });
    expect(builder.finish(reason)).toBe(finish);
  });

  test("joins the deltas of signed thinking and drops what has no signature", () => {
    const builder = createAnswerBuilder();
    const delta = (block: unknown) => builder.addRawChunk({ choices: [{ delta: { thinking_blocks: [block] } }] });
    delta({ type: "thinking", thinking: "Let me ", signature: null });
    delta({ type: "thinking", thinking: "think.", signature: null });
    delta({ type: "thinking", thinking: "", signature: "SIG" });
    delta({ type: "redacted_thinking", data: "XYZ" });
    delta({ type: "thinking", thinking: "cut off" });
    builder.addReasoning("Let me think.");
    expect(builder.reasoningState("m")).toEqual({
      model: "m",
      text: "Let me think.",
      thinkingBlocks: [
        { type: "thinking", thinking: "Let me think.", signature: "SIG" },
        { type: "redacted_thinking", data: "XYZ" },
      ],
    });
  });
});
