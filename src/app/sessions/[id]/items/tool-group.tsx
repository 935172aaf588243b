// Calls that run in parallel.
import { Columns2 } from "../../../components/icons/icons.tsx";
import type { ToolCallItem } from "../session-view.ts";
import { ItemFrame } from "./item-frame.tsx";
import { ToolCard } from "./tool-card.tsx";

export function ToolGroup({ calls, sessionId }: { calls: readonly ToolCallItem[]; sessionId: string }) {
  const label = `${calls.length} calls in parallel`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for the fields of a form
    <div
      role="group"
      aria-label={label}
      className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-2 border-l-2 border-line pl-3"
    >
      <p className="flex items-center gap-2 text-[13px] text-muted">
        <Columns2 aria-hidden className="size-3.5" /> {label}
      </p>
      {calls.map((call) => (
        <ItemFrame key={call.id} id={call.id}>
          <ToolCard item={call} sessionId={sessionId} />
        </ItemFrame>
      ))}
    </div>
  );
}
