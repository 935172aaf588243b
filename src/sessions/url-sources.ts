// Whether an address stands in what an agent's definition takes addresses from (`url_sources` of `web_fetch`). Pure.
import type { ResultBlock } from "../contract/content.ts";
import type { ToolFilter, UrlSources } from "../harnesses/harness.ts";
import type { Conversation } from "./conversation.ts";

const WEB_TOOLS = new Set(["web_fetch", "web_search"]);

export function isFromSources(url: string, conversation: Conversation, sources: UrlSources): boolean {
  const wanted = formOf(url);
  if (wanted === null) return false;
  for (const text of textsOf(conversation, sources)) if (addressesIn(text).includes(wanted)) return true;
  return false;
}

function* textsOf(conversation: Conversation, sources: UrlSources): Generator<string> {
  for (const item of conversation.items) {
    if (item.kind === "user") {
      if (sources.fromUser) yield* item.content.flatMap(textOf);
      continue;
    }
    for (const call of item.calls) {
      const result = conversation.results.get(call.id);
      // A failed call's result is our own word, and may repeat the address that was refused.
      if (!result || result.isError) continue;
      if (call.kind === "tool" && !WEB_TOOLS.has(call.name)) continue;
      const filter = call.kind === "custom" ? sources.fromCustomTools : sources.fromWebTools;
      if (letsThrough(filter, call.name)) yield* result.content.flatMap(textOf);
    }
  }
}

function letsThrough(filter: ToolFilter, name: string): boolean {
  return "only" in filter ? filter.only.includes(name) : !filter.except.includes(name);
}

function textOf(block: ResultBlock): string[] {
  switch (block.type) {
    case "text":
      return [block.text];
    case "document":
      if (block.source.type === "text") return [block.source.data];
      return block.source.type === "url" ? [block.source.url] : [];
    case "search_result":
      return [block.source, ...block.content.map(({ text }) => text)];
    case "image":
      return block.source.type === "url" ? [block.source.url] : [];
  }
}

function addressesIn(text: string): string[] {
  const found = text.match(/\bhttps?:\/\/[^\s<>"'`]+/gi) ?? [];
  return found.flatMap(withoutEnd).flatMap((address) => formOf(address) ?? []);
}

/** In a sentence, in brackets and in Markdown, what follows an address is not always a part of it. */
function withoutEnd(address: string): string[] {
  const bare = address.replace(/[.,;:!?*_\])}]{1,20}$/, "");
  const bracket = address.search(/[)\]]/);
  return bracket === -1 ? [address, bare] : [address, bare, address.slice(0, bracket)];
}

/** Two addresses that lead to the same place have one form. Null for what is none. */
function formOf(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  url.hash = "";
  if (url.protocol === "http:") url.protocol = "https:";
  return url.href;
}
