// Whether a turn has touched its sandbox yet: until it has, the files are those of before its message. Pure.
import type { Conversation } from "./conversation.ts";

/** Where the turn began none of whose calls has a result yet; null: one has. A call may have begun all the same. */
export function untouchedSince({ items, results, toolRounds }: Conversation): number | null {
  if (toolRounds > 1) return null;
  const answered = toolRounds === 1 && items.at(-1)?.kind === "assistant" ? items.slice(0, -1) : items;
  if (toolRounds === 1 && answered === items) return null;
  const before = answered.findLastIndex((item) => item.kind !== "user");
  const first = answered[before + 1];
  if (!first || [...results.values()].some(({ seq }) => seq > first.seq)) return null;
  return first.seq;
}
