// Calls that one answer of the model asked for together run in parallel, and are shown together.
import type { Item, ToolCallItem } from "./session-view.ts";

export type ItemGroup = { kind: "single"; item: Item } | { kind: "parallel"; calls: ToolCallItem[] };

export function groupItems(items: readonly Item[]): ItemGroup[] {
  const groups: ItemGroup[] = [];
  for (const item of items) {
    const last = groups.at(-1);
    if (item.kind === "tool_call" && item.requestId !== null) {
      if (last?.kind === "parallel" && last.calls[0]?.requestId === item.requestId) {
        last.calls.push(item);
        continue;
      }
      groups.push({ kind: "parallel", calls: [item] });
    } else groups.push({ kind: "single", item });
  }
  return groups.map((group) => {
    const [only] = group.kind === "parallel" && group.calls.length === 1 ? group.calls : [];
    return only ? { kind: "single", item: only } : group;
  });
}
