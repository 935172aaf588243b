// What a person said.
import type { UserMessageItem } from "../session-view.ts";
import { Blocks } from "./blocks.tsx";
import { EarlierMessageMenu } from "./earlier-message-menu.tsx";
import { MessageFoot } from "./message-foot.tsx";

export function UserMessage({ item }: { item: UserMessageItem }) {
  const texts = item.content.flatMap((block) => (block.type === "text" ? [block.text] : []));
  return (
    <div data-event={item.id} className="ml-auto grid max-w-[85%] min-w-0 justify-items-end gap-0.5">
      <div className="grid max-w-full min-w-0 grid-cols-[minmax(0,1fr)] gap-2 rounded-lg bg-accent-soft px-3 py-2">
        <Blocks blocks={item.content} />
      </div>
      <MessageFoot at={item.at} text={texts.join("\n\n")}>
        <EarlierMessageMenu item={item} />
      </MessageFoot>
    </div>
  );
}
