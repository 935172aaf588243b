// How a conversation that no longer fits is made smaller: which part is summed up, what is kept, and a summary without a model.
import type { ModelMessage } from "../models/model.ts";
import { estimateMessageTokens } from "../models/tokens.ts";
import type { Conversation, Item } from "./conversation.ts";
import { cutMiddle, itemMessages, liveItems, toModelMessages } from "./model-messages.ts";

/** Share of the model's input limit at which the conversation is compacted before the next request. */
export const COMPACT_AT = 0.8;

export type CompactionPlan = {
  throughSeq: number;
  outputLimit: number | null;
  /** The part to sum up, as text, bounded; empty when there is none. */
  transcript: string;
  /** What stands for that part when no model can sum it up: its beginning and its end. */
  digest: string;
};

/** By compactions in a row: each one goes further than the one before. */
const rounds = [
  { keepShare: 0.3, outputLimit: 8_000 },
  { keepShare: 0.1, outputLimit: 3_000 },
  { keepShare: 0, outputLimit: 800 },
] as const;

const TRANSCRIPT_MAX_CHARACTERS = 400_000;
const DIGEST_MAX_CHARACTERS = 8_000;

/**
 * `limitTokens` null: unknown, the present size is taken for it. Of the newest items as many are kept as fit; the last
 * one always. What is kept has its outputs cut when it is too large by itself.
 */
export function planCompaction(conversation: Conversation, limitTokens: number | null): CompactionPlan {
  const round = rounds[Math.min(conversation.compactionsInRow, rounds.length - 1)] ?? rounds[0];
  const sizeOf = (messages: ModelMessage[]) => messages.reduce((sum, one) => sum + estimateMessageTokens(one), 0);
  const present = sizeOf(toModelMessages(conversation));
  const limit = Math.min(limitTokens ?? present, Math.max(present, 1));
  const keepTokens = limit * round.keepShare;

  const live = liveItems(conversation);
  let kept = 0;
  let first = live.length;
  while (first > 0) {
    const item = live[first - 1];
    if (!item) break;
    const size = sizeOf(itemMessages(conversation, item));
    if (first < live.length && kept + size > keepTokens) break;
    kept += size;
    first--;
  }
  const older = live.slice(0, first);
  const parts = older.map((item) => transcribe(conversation, item));
  const earlier = conversation.compaction ? [`Summary of what came before:\n${conversation.compaction.summary}`] : [];
  const characters = Math.min(TRANSCRIPT_MAX_CHARACTERS, Math.max(4_000, Math.floor(limit)));
  return {
    throughSeq: older.at(-1)?.seq ?? conversation.compaction?.throughSeq ?? 0,
    outputLimit: kept > keepTokens ? round.outputLimit : null,
    transcript: older.length === 0 ? "" : cutMiddle([...earlier, ...parts].join("\n\n"), characters),
    digest: digest([...earlier, ...parts]),
  };
}

function digest(parts: readonly string[]): string {
  const shortened = parts.map((part) => cutMiddle(part, 600)).join("\n\n");
  return `(No model could sum up the older part; its beginning and its end follow, shortened. The files in the workspace are as they were.)\n\n${cutMiddle(shortened, DIGEST_MAX_CHARACTERS)}`;
}

const LINE_MAX_CHARACTERS = 3_000;

/** An item as text for a summary: attachments are named, long outputs are cut. */
function transcribe(conversation: Conversation, item: Item): string {
  const lines: string[] = [];
  for (const message of itemMessages(conversation, item, LINE_MAX_CHARACTERS)) {
    switch (message.role) {
      case "user":
        lines.push(`User: ${message.content.map(partText).join("\n")}`);
        break;
      case "assistant":
        if (message.text) lines.push(`Agent: ${message.text}`);
        for (const call of message.toolCalls) {
          lines.push(`Call ${call.name}: ${cutMiddle(JSON.stringify(call.input ?? {}), LINE_MAX_CHARACTERS)}`);
        }
        break;
      case "tool":
        lines.push(
          `Result of ${message.name}${message.isError ? " (error)" : ""}: ${message.content.map(partText).join("\n")}`,
        );
        break;
      case "system":
        break;
    }
  }
  return lines.map((line) => cutMiddle(line, LINE_MAX_CHARACTERS * 2)).join("\n");
}

function partText(part: Extract<ModelMessage, { role: "user" }>["content"][number]): string {
  if (part.type === "text") return part.text;
  return part.type === "file" ? `[file ${part.name ?? part.mediaType}]` : "[image]";
}
