// What a person said.
import type { UserMessageItem } from "../session-view.ts";
import { Blocks } from "./blocks.tsx";

export function UserMessage({ item }: { item: UserMessageItem }) {
  return (
    <div data-event={item.id} className="ml-auto grid max-w-[85%] min-w-0 justify-items-end gap-1">
      <div className="grid min-w-0 gap-2 rounded-lg bg-accent-soft px-3 py-2">
        <Blocks blocks={item.content} />
      </div>
    </div>
  );
}
