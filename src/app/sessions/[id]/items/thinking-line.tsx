// The model is thinking, or has thought. The API shows that it does, not what.
import { Brain } from "../../../components/icons/icons.tsx";
import type { ThinkingItem } from "../session-view.ts";

export function ThinkingLine({ item }: { item: ThinkingItem }) {
  return (
    <p className="flex items-center gap-2 text-[13px] text-muted">
      <Brain aria-hidden className="size-4" /> {item.state === "thinking" ? "Thinking…" : "Thought about it"}
    </p>
  );
}
