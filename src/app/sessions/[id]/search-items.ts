// Which items of a session contain a text, oldest first.
import type { MessageBlock, ResultBlock } from "../../../contract/content.ts";
import { findWords, toWordsPattern } from "./find-words.ts";
import type { Item, Turn } from "./session-view.ts";

/** The search goes on while the session does: an item is looked through once, and again only when it has changed. */
export function createSearch(query: string): (turns: readonly Turn[]) => string[] {
  const pattern = toWordsPattern(query);
  const known = new WeakMap<Item, boolean>();
  if (!pattern) return () => [];
  function matches(item: Item): boolean {
    const before = known.get(item);
    if (before !== undefined) return before;
    const found = textsOf(item).some((text) => findWords(text, pattern as RegExp) !== -1);
    known.set(item, found);
    return found;
  }
  return (turns) => turns.flatMap((turn) => turn.items.filter(matches).map(({ id }) => id));
}

function textsOf(item: Item): string[] {
  switch (item.kind) {
    case "user_message":
      return texts(item.content);
    case "agent_message":
    case "note":
    case "receipt":
      return [item.text];
    case "error":
      return [item.title ?? "", item.message, item.errorType];
    case "tool_call":
      return [item.name, ...values(item.input), ...texts(item.result ?? [])];
    case "thinking":
      return [];
  }
}

/** Also of documents that are folded. */
function texts(blocks: readonly (MessageBlock | ResultBlock)[]): string[] {
  return blocks.flatMap((block) => {
    if (block.type === "text") return [block.text];
    if (block.type === "search_result") return [block.title, block.source, ...block.content.map(({ text }) => text)];
    if (block.type !== "document") return [];
    return [block.title ?? "", block.source.type === "text" ? block.source.data : ""];
  });
}

/** Texts as they are, not as JSON escapes them. */
function values(input: unknown): string[] {
  if (typeof input === "string") return [input];
  if (typeof input === "object" && input !== null) return Object.values(input).flatMap(values);
  return input === undefined || input === null ? [] : [String(input)];
}
