// The conversation, turn by turn. Stays at its end only while the reader is there.
"use client";

import { useMemo, useState } from "react";
import type { StreamEvent } from "../../../contract/events.ts";
import { ArrowDown } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { EventDetails } from "./event-details.tsx";
import { countItems, indexOfItem, lastItems, nextWindow, turnsIn, WINDOW_ITEMS, windowAround } from "./item-window.ts";
import { OutgoingMessageView } from "./items/outgoing-message.tsx";
import { QueuedMessage } from "./items/queued-message.tsx";
import { Outline } from "./outline.tsx";
import { SearchBar } from "./search-bar.tsx";
import { retryableFailure, type SessionView } from "./session-view.ts";
import { TimelineContext } from "./timeline-actions.ts";
import { TurnView } from "./turn-view.tsx";
import { useJump } from "./use-jump.ts";
import type { Outbox } from "./use-outbox.ts";
import { useStickToEnd } from "./use-stick-to-end.ts";

type TimelineProps = {
  view: SessionView;
  log: readonly StreamEvent[];
  sessionId: string;
  outbox: Outbox;
  /** A queued message was taken back to be written anew. */
  onEdit: (text: string) => void;
  searching: boolean;
  onSearchEnd: () => void;
};

export function Timeline({ view, log, sessionId, outbox, onEdit, searching, onSearchEnd }: TimelineProps) {
  const { scroller, content, atEnd: atBottom, goToEnd, leaveEnd } = useStickToEnd(outbox.messages.length);
  const count = countItems(view.turns);
  const [windowBefore, setWindow] = useState(() => lastItems(count));
  const [sent, setSent] = useState(outbox.messages.length);
  const atEnd = atBottom && windowBefore.end === null;
  const wrote = outbox.messages.length > sent;
  const window = wrote && windowBefore.end !== null ? lastItems(count) : nextWindow(windowBefore, { count, atEnd });
  if (window !== windowBefore) setWindow(window);
  if (outbox.messages.length !== sent) setSent(outbox.messages.length);
  const { first } = window;
  const later = window.end === null ? 0 : count - window.end;
  const { jump, marked } = useJump((id) => {
    const index = indexOfItem(view.turns, id);
    if (index === -1) return false;
    leaveEnd();
    setWindow(windowAround(index, { window, count }));
    return true;
  });
  const [seen, setSeen] = useState(count);
  if (atEnd && seen !== count) setSeen(count);
  const [detailsOf, setDetailsOf] = useState<string | null>(null);
  const retryable = retryableFailure(view);
  const actions = useMemo(() => ({ highlighted: marked, showDetails: setDetailsOf, retryable }), [marked, retryable]);
  const empty = view.turns.length === 0 && view.queued.length === 0 && outbox.messages.length === 0;
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      {searching && <SearchBar view={view} onJump={jump} onClose={onSearchEnd} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
      <div ref={scroller} tabIndex={0} className="min-h-0 flex-1 overflow-y-auto overscroll-contain">
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
              onClick={() => setWindow({ ...window, first: Math.max(0, first - WINDOW_ITEMS) })}
            >
              Show earlier ({first} more)
            </Button>
          )}
          <TimelineContext value={actions}>
            {turnsIn(view.turns, window).map(({ turn, skipped, end }) => (
              <TurnView key={turn.id} turn={turn} skipped={skipped} end={end} sessionId={sessionId} />
            ))}
          </TimelineContext>
          {later > 0 && (
            <Button
              size="small"
              className="justify-self-center"
              onClick={() => {
                leaveEnd();
                const end = count - later + WINDOW_ITEMS;
                setWindow({ first, end: end < count ? end : null });
              }}
            >
              Show later ({later} more)
            </Button>
          )}
          {view.queued.map((item) => (
            <QueuedMessage key={item.id} item={item} sessionId={sessionId} onEdit={onEdit} />
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
          onClick={() => {
            setWindow(lastItems(count));
            goToEnd();
          }}
        >
          <ArrowDown aria-hidden /> {count > seen ? `${count - seen} new` : "To the end"}
        </Button>
      )}
      <Outline view={view} onJump={jump} />
      <EventDetails id={detailsOf} log={log} onClose={() => setDetailsOf(null)} />
    </div>
  );
}
