// One turn: its items in order. Drawn again only when one of them changes.
import { memo } from "react";
import { groupItems } from "./group-items.ts";
import { AgentMessage } from "./items/agent-message.tsx";
import { ErrorCard } from "./items/error-card.tsx";
import { ItemFrame } from "./items/item-frame.tsx";
import { NoteLine } from "./items/note-line.tsx";
import { ThinkingLine } from "./items/thinking-line.tsx";
import { ToolCard } from "./items/tool-card.tsx";
import { ToolGroup } from "./items/tool-group.tsx";
import { UserMessage } from "./items/user-message.tsx";
import { WorkingLine } from "./items/working-line.tsx";
import type { Item, Turn } from "./session-view.ts";

type TurnViewProps = { turn: Turn; skipped: number; end: number; sessionId: string };

export const TurnView = memo(function TurnView({ turn, skipped, end, sessionId }: TurnViewProps) {
  return (
    <>
      {groupItems(turn.items.slice(skipped, end)).map((group) =>
        group.kind === "parallel" ? (
          <ToolGroup key={group.calls[0]?.id} calls={group.calls} sessionId={sessionId} />
        ) : (
          <ItemFrame key={group.item.id} id={group.item.id}>
            <ItemView item={group.item} sessionId={sessionId} />
          </ItemFrame>
        ),
      )}
      {isSilent(turn) && <WorkingLine />}
    </>
  );
});

const ItemView = memo(function ItemView({ item, sessionId }: { item: Item; sessionId: string }) {
  switch (item.kind) {
    case "user_message":
      return <UserMessage item={item} />;
    case "agent_message":
      return <AgentMessage item={item} />;
    case "thinking":
      return <ThinkingLine item={item} />;
    case "tool_call":
      return <ToolCard item={item} sessionId={sessionId} />;
    case "error":
      return <ErrorCard item={item} sessionId={sessionId} />;
    case "note":
      return <NoteLine item={item} />;
  }
});

/** The model was asked and nothing of its answer can be seen yet. */
function isSilent(turn: Turn): boolean {
  if (turn.endedAt !== null || turn.openRequests.length === 0) return false;
  const last = turn.items.at(-1);
  return !(last?.kind === "agent_message" && last.state === "writing") && last?.kind !== "thinking";
}
