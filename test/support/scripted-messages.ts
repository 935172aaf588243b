// The scripted provider's second voice: Anthropic's Messages format, streamed, with signed thinking.
import { setTimeout as pause } from "node:timers/promises";
import { DEFAULT_USAGE, type ScriptedAnswer, type ScriptedPrompt } from "./scripted-answer.ts";
import { type ChatBody, type Exchange, type Gate, newId, sendJson, wordsOf } from "./scripted-wire.ts";

/** What a thinking block is signed with; the provider's answer to a request that hands back something else would be an error. */
export const SIGNATURE = "c2NyaXB0ZWQtc2lnbmF0dXJl";

type Block = { type: string; text?: string; content?: unknown };

export function readMessagesPrompt(body: ChatBody): ScriptedPrompt {
  const turns = body.messages.map((message) => ({ role: message.role, blocks: blocksOf(message.content) }));
  const lastUser = turns.findLastIndex(
    ({ role, blocks }) => role === "user" && blocks.some((block) => block.type === "text"),
  );
  return {
    userText: (turns[lastUser]?.blocks ?? []).map((block) => block.text ?? "").join("\n"),
    results: turns
      .slice(lastUser + 1)
      .flatMap(({ blocks }) => blocks.filter((block) => block.type === "tool_result"))
      .map((block) =>
        blocksOf(block.content)
          .map((inner) => inner.text ?? "")
          .join("\n"),
      ),
    toolNames: (body.tools ?? []).flatMap((tool) => tool.name ?? []),
  };
}

export async function answerMessages({ response, body }: Exchange, answer: ScriptedAnswer, gate: Gate): Promise<void> {
  const stopReason = answer.toolCalls === undefined ? "end_turn" : "tool_use";
  const { prompt, completion, cached = 0, cacheCreation = 0 } = answer.usage ?? DEFAULT_USAGE;
  const usage = {
    input_tokens: prompt - cached - cacheCreation,
    output_tokens: completion,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: cacheCreation,
  };
  const message = { id: newId("msg"), type: "message", role: "assistant", model: body.model, stop_sequence: null };
  const blocks = [
    ...(answer.reasoning === undefined ? [] : [{ type: "thinking", thinking: answer.reasoning, signature: SIGNATURE }]),
    ...(answer.text === undefined ? [] : [{ type: "text", text: answer.text }]),
    ...(answer.toolCalls ?? []).map((call) => ({
      type: "tool_use",
      id: call.id ?? newId("toolu"),
      name: call.name,
      input: call.input ?? {},
    })),
  ];
  if (body.stream !== true)
    return sendJson(response, 200, { ...message, content: blocks, stop_reason: stopReason, usage });

  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.flushHeaders();
  if (answer.fault === "silent") return;
  const send = (type: string, fields: object) => {
    if (!response.destroyed) response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`);
  };
  send("message_start", {
    message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
  });
  for (const [index, block] of blocks.entries()) {
    const delta = (fields: object) => send("content_block_delta", { index, delta: fields });
    if (block.type === "thinking" && "thinking" in block) {
      send("content_block_start", { index, content_block: { type: "thinking", thinking: "", signature: "" } });
      for (const word of wordsOf(block.thinking)) delta({ type: "thinking_delta", thinking: word });
      delta({ type: "signature_delta", signature: block.signature });
    } else if ("text" in block) {
      send("content_block_start", { index, content_block: { type: "text", text: "" } });
      for (const [position, word] of wordsOf(block.text).entries()) {
        if (response.destroyed) return;
        delta({ type: "text_delta", text: word });
        if (position === 0 && answer.hold) await gate.pass(response);
        if (position === 1 && answer.fault === "stall") return;
        if (position === 1 && answer.fault === "error-event") {
          send("error", { error: { type: "overloaded_error", message: "scripted error in the stream" } });
          response.end();
          return;
        }
        if (position === 1 && answer.fault === "disconnect") {
          response.write("", () => setImmediate(() => response.destroy()));
          return;
        }
        if (answer.wordDelayMs) await pause(answer.wordDelayMs);
      }
    } else if ("input" in block) {
      send("content_block_start", { index, content_block: { ...block, input: {} } });
      delta({ type: "input_json_delta", partial_json: JSON.stringify(block.input) });
    }
    send("content_block_stop", { index });
  }
  if (answer.fault !== "no-finish") {
    send("message_delta", {
      delta: { stop_reason: stopReason, stop_sequence: null },
      usage: { output_tokens: completion },
    });
    send("message_stop", {});
  }
  response.end();
}

function blocksOf(content: unknown): Block[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  // Requests come from LiteLLM, which writes the format as documented.
  return Array.isArray(content) ? (content as Block[]) : [];
}
