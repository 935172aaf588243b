// Token counts guessed from text: to compact before the context overflows, and where no gateway counts.
import type { ContentPart, ModelMessage, ToolSpec } from "./model.ts";

/** What providers charge for one large picture, roughly. */
const IMAGE_TOKENS = 1_600;
/** A document of unknown length: a base and a share of its base64 size. */
const FILE_BASE_TOKENS = 1_500;
const FILE_CHARACTERS_PER_TOKEN = 60;
/** Role, separators, ids. */
const MESSAGE_TOKENS = 4;

/** About four ASCII characters or one and a half others make a token. */
export function estimateTextTokens(text: string): number {
  let wide = 0;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 127) wide++;
  return Math.ceil((text.length - wide) / 4 + wide / 1.5);
}

/** The size of a request's prompt, guessed; true counts are known only after the answer. */
export function estimateTokens(
  messages: readonly ModelMessage[],
  extra: { system?: string; tools?: readonly ToolSpec[] } = {},
): number {
  let total = estimateTextTokens(extra.system ?? "");
  for (const tool of extra.tools ?? []) total += estimateTextTokens(JSON.stringify(tool));
  for (const message of messages) total += estimateMessageTokens(message);
  return total;
}

/** The share of one message in `estimateTokens`. */
export function estimateMessageTokens(message: ModelMessage): number {
  switch (message.role) {
    case "system":
      return MESSAGE_TOKENS + estimateTextTokens(message.text);
    case "user":
    case "tool":
      return message.content.reduce((sum, part) => sum + estimatePartTokens(part), MESSAGE_TOKENS);
    case "assistant":
      return message.toolCalls.reduce(
        (sum, call) => sum + MESSAGE_TOKENS + estimateTextTokens(call.name + JSON.stringify(call.input ?? {})),
        MESSAGE_TOKENS +
          estimateTextTokens(message.text) +
          (message.reasoning == null ? 0 : estimateTextTokens(JSON.stringify(message.reasoning))),
      );
  }
}

function estimatePartTokens(part: ContentPart): number {
  switch (part.type) {
    case "text":
      return estimateTextTokens(part.text);
    case "image":
    case "image_url":
      return IMAGE_TOKENS;
    case "file":
      return FILE_BASE_TOKENS + Math.ceil(part.data.length / FILE_CHARACTERS_PER_TOKEN);
  }
}
