// Our messages as the AI SDK's prompt: repaired where a provider would refuse them, pictures where each provider can see them.
import type { OpenAICompatibleChatLanguageModel } from "@ai-sdk/openai-compatible";
import { z } from "zod";
import type { ContentPart, ModelMessage } from "./model.ts";

export type Prompt = Parameters<OpenAICompatibleChatLanguageModel["doStream"]>[0]["prompt"];
type AssistantContent = Extract<Prompt[number], { role: "assistant" }>["content"];
type UserContent = Extract<Prompt[number], { role: "user" }>["content"];
type ToolContent = Extract<Prompt[number], { role: "tool" }>["content"];

const MISSING_RESULT = "There is no result: the call was interrupted, its effect is unknown.";

/** What an answer's reasoning leaves behind for the requests that follow it within the same turn. */
const reasoningStateSchema = z.object({
  model: z.string(),
  text: z.string(),
  /** Signed blocks of Anthropic models, as LiteLLM passes them. */
  thinkingBlocks: z.array(z.record(z.string(), z.json())),
});
export type ReasoningState = z.infer<typeof reasoningStateSchema>;

/**
 * The prompt of one request to `model`. Every tool call gets exactly one result, whatever was interrupted or compacted
 * away; empty messages are left out; reasoning goes back only to the model that made it, and only after the last user message.
 */
export function toPrompt(request: { model: string; system: string; messages: readonly ModelMessage[] }): Prompt {
  const prompt: Prompt = [];
  if (request.system.trim() !== "") prompt.push({ role: "system", content: request.system });
  const lastUser = request.messages.findLastIndex((message) => message.role === "user");
  const open = new Map<string, string>();
  let seen: UserContent = [];

  /** Ends the run of results after an assistant message: pictures follow as a user message, since most providers refuse them in results. */
  const closeResults = () => {
    for (const [id, name] of open) prompt.push(resultMessage(id, name, MISSING_RESULT));
    open.clear();
    if (seen.length > 0) prompt.push({ role: "user", content: seen });
    seen = [];
  };

  for (const [index, message] of request.messages.entries()) {
    if (message.role !== "tool") closeResults();
    switch (message.role) {
      case "system":
        if (message.text.trim() !== "") prompt.push({ role: "system", content: message.text });
        break;
      case "user": {
        const content = message.content.flatMap(toUserParts);
        if (content.length > 0) prompt.push({ role: "user", content });
        break;
      }
      case "assistant": {
        const state = index > lastUser ? reasoningStateOf(message.reasoning, request.model) : null;
        const content = assistantContent(message, state);
        if (content.length === 0) break;
        prompt.push({
          role: "assistant",
          content,
          ...(state !== null && state.thinkingBlocks.length > 0
            ? { providerOptions: { openaiCompatible: { thinking_blocks: state.thinkingBlocks } } }
            : {}),
        });
        for (const call of message.toolCalls) open.set(call.id, call.name);
        break;
      }
      case "tool": {
        const { text, media } = splitResult(message);
        if (open.delete(message.toolCallId)) prompt.push(resultMessage(message.toolCallId, message.name, text));
        else seen.push({ type: "text", text: `Result of an earlier call of ${message.name}: ${text}` });
        if (media.length > 0) seen.push({ type: "text", text: `What ${message.name} showed:` }, ...media);
        break;
      }
    }
  }
  closeResults();
  return prompt;
}

function reasoningStateOf(value: unknown, model: string): ReasoningState | null {
  const parsed = reasoningStateSchema.safeParse(value);
  return parsed.success && parsed.data.model === model ? parsed.data : null;
}

function assistantContent(
  message: Extract<ModelMessage, { role: "assistant" }>,
  state: ReasoningState | null,
): AssistantContent {
  const content: AssistantContent = [];
  if (message.text === "" && message.toolCalls.length === 0) return content;
  // Signed blocks already hold the reasoning; sent as text too, it would be doubled.
  if (state !== null && state.text !== "" && state.thinkingBlocks.length === 0) {
    content.push({ type: "reasoning", text: state.text });
  }
  if (message.text !== "") content.push({ type: "text", text: message.text });
  for (const call of message.toolCalls) {
    content.push({ type: "tool-call", toolCallId: call.id, toolName: call.name, input: call.input ?? {} });
  }
  return content;
}

function resultMessage(toolCallId: string, toolName: string, text: string): Prompt[number] {
  const content: ToolContent = [{ type: "tool-result", toolCallId, toolName, output: { type: "text", value: text } }];
  return { role: "tool", content };
}

function splitResult(message: Extract<ModelMessage, { role: "tool" }>): { text: string; media: UserContent } {
  const texts: string[] = [];
  const media: UserContent = [];
  for (const part of message.content) {
    if (part.type === "text") texts.push(part.text);
    else media.push(...toUserParts(part));
  }
  const text = texts.join("\n") || (media.length > 0 ? "(shown in the next message)" : "(no output)");
  // The chat format has no error flag for results.
  return { text: message.isError && !/^\W*error/i.test(text) ? `Error: ${text}` : text, media };
}

function toUserParts(part: ContentPart): UserContent {
  switch (part.type) {
    case "text":
      return part.text === "" ? [] : [{ type: "text", text: part.text }];
    case "image":
      return [{ type: "file", mediaType: part.mediaType, data: { type: "data", data: part.data } }];
    case "image_url":
      return [{ type: "file", mediaType: "image/*", data: { type: "url", url: new URL(part.url) } }];
    case "file":
      return toFileParts(part);
  }
}

function toFileParts(part: Extract<ContentPart, { type: "file" }>): UserContent {
  const name = part.name ?? "document";
  if (part.mediaType === "application/pdf") {
    return [{ type: "file", mediaType: part.mediaType, filename: name, data: { type: "data", data: part.data } }];
  }
  if (part.mediaType.startsWith("text/") || /[/+](json|xml|yaml)$/.test(part.mediaType)) {
    const text = Buffer.from(part.data, "base64").toString("utf8");
    return [{ type: "text", text: `Document ${JSON.stringify(name)} (${part.mediaType}):\n${text}` }];
  }
  return [
    {
      type: "text",
      text: `(The file ${JSON.stringify(name)} of type ${part.mediaType} can't be shown to this model.)`,
    },
  ];
}
