// What the agent says.
import { LazyMarkdown } from "../../../components/lazy-markdown.tsx";
import type { AgentMessageItem } from "../session-view.ts";

export function AgentMessage({ item }: { item: AgentMessageItem }) {
  return (
    <div data-event={item.id} className="min-w-0">
      <LazyMarkdown text={item.text} growing={item.state === "writing"} />
      {item.state === "cut" && <p className="text-[13px] text-muted">This answer broke off here.</p>}
    </div>
  );
}
