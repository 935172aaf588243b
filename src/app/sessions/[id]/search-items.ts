// Which items of a session contain a text, oldest first.
import type { MessageBlock, ResultBlock } from "../../../contract/content.ts";
import type { Item, Turn } from "./session-view.ts";

export function searchItems(turns: readonly Turn[], query: string): string[] {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return [];
  return turns.flatMap((turn) =>
    turn.items.filter((item) => textsOf(item).some((text) => text.toLowerCase().includes(wanted))).map(({ id }) => id),
  );
}

function textsOf(item: Item): string[] {
  switch (item.kind) {
    case "user_message":
      return texts(item.content);
    case "agent_message":
    case "note":
      return [item.text];
    case "error":
      return [item.message, item.errorType];
    case "tool_call":
      return [item.name, ...values(item.input), ...texts(item.result ?? [])];
    case "thinking":
      return [];
  }
}

function texts(blocks: readonly (MessageBlock | ResultBlock)[]): string[] {
  return blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
}

/** Texts as they are, not as JSON escapes them. */
function values(input: unknown): string[] {
  if (typeof input === "string") return [input];
  if (typeof input === "object" && input !== null) return Object.values(input).flatMap(values);
  return input === undefined || input === null ? [] : [String(input)];
}
