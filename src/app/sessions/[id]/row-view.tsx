// One row of the timeline. Drawn again only when what it shows changes.
import { memo } from "react";
import { AgentMessage } from "./items/agent-message.tsx";
import { CallsRow } from "./items/calls-row.tsx";
import { ErrorCard } from "./items/error-card.tsx";
import { ItemFrame } from "./items/item-frame.tsx";
import { NoteLine } from "./items/note-line.tsx";
import { OutgoingMessageView } from "./items/outgoing-message.tsx";
import { QueuedMessage } from "./items/queued-message.tsx";
import { ReceiptCard } from "./items/receipt-card.tsx";
import { ThinkingLine } from "./items/thinking-line.tsx";
import { ToolCard } from "./items/tool-card.tsx";
import { UserMessage } from "./items/user-message.tsx";
import { WorkingLine } from "./items/working-line.tsx";
import type { Item } from "./session-view.ts";
import { ItemContext } from "./timeline-actions.ts";
import type { Row } from "./to-rows.ts";
import type { Outbox } from "./use-outbox.ts";

type RowViewProps = {
  row: Row;
  sessionId: string;
  /** Null where nothing is sent from. */
  outbox: Outbox | null;
  onEdit: (text: string) => void;
};

export function RowView({ row, sessionId, outbox, onEdit }: RowViewProps) {
  switch (row.kind) {
    case "item":
      return (
        <ItemFrame id={row.item.id}>
          <ItemView item={row.item} sessionId={sessionId} />
        </ItemFrame>
      );
    case "calls":
      return <CallsRow row={row} draw={(call) => <ItemView item={call} sessionId={sessionId} />} />;
    case "working":
      return <WorkingLine />;
    case "queued":
      return (
        <ItemFrame id={row.item.id}>
          <QueuedMessage item={row.item} sessionId={sessionId} onEdit={onEdit} />
        </ItemFrame>
      );
    case "outgoing":
      return (
        outbox && (
          <ItemContext value={row.key}>
            <OutgoingMessageView message={row.message} outbox={outbox} />
          </ItemContext>
        )
      );
  }
}

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
    case "receipt":
      return <ReceiptCard item={item} />;
  }
});
