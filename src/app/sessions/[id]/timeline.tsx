// The conversation, turn by turn. Stays at its end only while the reader is there.
"use client";

import { ArrowDown } from "lucide-react";
import { useState } from "react";
import { Button } from "../../components/ui/button.tsx";
import { countItems, nextFirst, turnsFrom, WINDOW_ITEMS } from "./item-window.ts";
import { OutgoingMessageView } from "./items/outgoing-message.tsx";
import { UserMessage } from "./items/user-message.tsx";
import type { SessionView } from "./session-view.ts";
import { TurnView } from "./turn-view.tsx";
import type { Outbox } from "./use-outbox.ts";
import { useStickToEnd } from "./use-stick-to-end.ts";

type TimelineProps = { view: SessionView; sessionId: string; outbox: Outbox };

export function Timeline({ view, sessionId, outbox }: TimelineProps) {
  const { scroller, content, atEnd, goToEnd } = useStickToEnd(outbox.messages.length);
  const count = countItems(view.turns);
  const [firstBefore, setFirst] = useState(() => Math.max(0, count - WINDOW_ITEMS));
  const first = nextFirst(firstBefore, { count, atEnd });
  if (first !== firstBefore) setFirst(first);
  const empty = view.turns.length === 0 && view.queued.length === 0 && outbox.messages.length === 0;
  return (
    <div className="relative min-h-0 flex-1">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
      <div ref={scroller} tabIndex={0} className="h-full overflow-y-auto overscroll-contain">
        <div
          ref={content}
          role="log"
          aria-label="Conversation"
          // While a turn runs, the status says so; its many changes are not read out one by one.
          aria-live={view.status === "running" ? "off" : "polite"}
          className="mx-auto grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-3 px-4 py-4"
        >
          {empty && <p className="py-10 text-center text-muted">Nothing yet. Write the first message below.</p>}
          {first > 0 && (
            <Button
              size="small"
              className="justify-self-center"
              onClick={() => setFirst(Math.max(0, first - WINDOW_ITEMS))}
            >
              Show earlier ({first} more)
            </Button>
          )}
          {turnsFrom(view.turns, first).map(({ turn, skipped }) => (
            <TurnView key={turn.id} turn={turn} skipped={skipped} sessionId={sessionId} />
          ))}
          {view.queued.map((item) => (
            <UserMessage key={item.id} item={item} queued />
          ))}
          {outbox.messages.map((message) => (
            <OutgoingMessageView key={message.key} message={message} outbox={outbox} />
          ))}
        </div>
      </div>
      {!atEnd && (
        <Button
          size="small"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow"
          onClick={goToEnd}
        >
          <ArrowDown aria-hidden /> To the end
        </Button>
      )}
    </div>
  );
}
