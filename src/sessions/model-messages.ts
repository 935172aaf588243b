// A conversation as the model gets it: messages in order, each call followed by its result, the summed-up part replaced.
import type { MessageBlock, ResultBlock } from "../contract/content.ts";
import type { ContentPart, ModelMessage } from "../models/model.ts";
import type { Call, Compaction, Conversation, Item } from "./conversation.ts";

/** The messages of a request. Equal conversations give equal messages, so that providers' prompt caches hit. */
export function toModelMessages(conversation: Conversation): ModelMessage[] {
  const { compaction } = conversation;
  const messages: ModelMessage[] = compaction ? [summaryMessage(compaction)] : [];
  for (const item of liveItems(conversation)) messages.push(...itemMessages(conversation, item));
  return messages;
}

/** What is not summed up. */
export function liveItems({ items, compaction }: Conversation): Item[] {
  return compaction ? items.filter((item) => item.seq > compaction.throughSeq) : items;
}

/** An item with, for an answer, the results of its calls. `outputLimit` overrides the compaction's. */
export function itemMessages(conversation: Conversation, item: Item, outputLimit?: number | null): ModelMessage[] {
  if (item.kind === "user") return [{ role: "user", content: item.content.flatMap(toParts) }];
  const messages: ModelMessage[] = [
    {
      role: "assistant",
      text: item.text,
      ...(item.reasoning == null ? {} : { reasoning: item.reasoning }),
      toolCalls: item.calls.map((call) => ({ id: call.callId, name: nameOf(call), input: call.input })),
    },
  ];
  for (const call of item.calls) {
    const result = conversation.results.get(call.id);
    const limit = outputLimit === undefined ? limitFor(conversation.compaction, result?.seq) : outputLimit;
    const content = result?.content.flatMap(toParts) ?? [];
    messages.push({
      role: "tool",
      toolCallId: call.callId,
      name: nameOf(call),
      content: content.length > 0 ? limitParts(content, limit) : [{ type: "text", text: "(no output)" }],
      isError: result?.isError ?? false,
    });
  }
  return messages;
}

/** As the model calls it. */
function nameOf(call: Call): string {
  return call.mcp ? call.mcp.calledAs : call.name;
}

function limitFor(compaction: Compaction | null, resultSeq: number | undefined): number | null {
  return compaction && resultSeq !== undefined && resultSeq < compaction.seq ? compaction.outputLimit : null;
}

function limitParts(parts: ContentPart[], limit: number | null): ContentPart[] {
  if (limit === null) return parts;
  return parts.map((part) =>
    part.type === "text"
      ? { type: "text", text: cutMiddle(part.text, limit) }
      : { type: "text", text: "[An attachment was left out to save context.]" },
  );
}

/** Keeps the beginning and the end. */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = Math.ceil(limit / 2);
  const tail = limit - head;
  const left = text.slice(0, head);
  const right = tail > 0 ? text.slice(-tail) : "";
  return `${left}\n[… ${text.length - limit} characters left out …]\n${right}`.toWellFormed();
}

function summaryMessage(compaction: Compaction): ModelMessage {
  const text = `The conversation so far was too long and was summed up. The summary:\n\n${compaction.summary}`;
  return { role: "user", content: [{ type: "text", text }] };
}

export function toParts(block: MessageBlock | ResultBlock): ContentPart[] {
  switch (block.type) {
    case "text":
      return block.text === "" ? [] : [{ type: "text", text: block.text }];
    case "image":
      return block.source.type === "base64"
        ? [{ type: "image", mediaType: block.source.media_type, data: block.source.data }]
        : [{ type: "image_url", url: block.source.url }];
    case "document":
      return documentParts(block);
    case "search_result":
      return [
        { type: "text", text: [block.title, block.source, ...block.content.map((part) => part.text)].join("\n") },
      ];
  }
}

function documentParts(block: Extract<MessageBlock, { type: "document" }>): ContentPart[] {
  const heading = [block.title && `Document: ${block.title}`, block.context].filter(Boolean).join("\n");
  const about: ContentPart[] = heading === "" ? [] : [{ type: "text", text: heading }];
  switch (block.source.type) {
    case "text":
      return [...about, { type: "text", text: block.source.data }];
    case "url":
      return [
        ...about,
        { type: "text", text: `The document is at ${block.source.url}; its content was not attached.` },
      ];
    case "base64":
      return [
        ...about,
        {
          type: "file",
          mediaType: block.source.media_type,
          data: block.source.data,
          ...(block.title ? { name: block.title } : {}),
        },
      ];
  }
}
