// The log as it is: every stored event, by type and text, as JSON.
"use client";

import { useDeferredValue, useMemo, useState } from "react";
import { EmptyState } from "../../../components/empty-state.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { Input } from "../../../components/ui/input.tsx";
import { EventRow } from "./event-row.tsx";
import { filterEvents, type LoggedEvent, listTypes } from "./filter-events.ts";
import type { PanelTabProps } from "./panel-tabs.ts";

/** Rows that are drawn at once. */
const WINDOW = 100;

export function EventsTab({ session, view, log }: PanelTabProps) {
  const [type, setType] = useState("");
  const [text, setText] = useState("");
  const [shown, setShown] = useState(WINDOW);
  const wanted = useDeferredValue(text);
  const { lastSeq } = view;
  const events = useMemo(() => {
    const all: LoggedEvent[] = [];
    // The log grows in place: how far it goes says when to look again.
    for (let seq = 1; seq <= lastSeq; seq++) {
      const event = log[seq];
      if (event && "id" in event) all.push({ seq, event });
    }
    return all;
  }, [log, lastSeq]);
  const found = useMemo(() => filterEvents(events, { type, text: wanted }), [events, type, wanted]);
  const rows = found.slice(-shown);
  return (
    <div className="flex h-full flex-col">
      <div className="flex flex-wrap gap-2 border-b border-line p-2">
        <select
          aria-label="Type of event"
          value={type}
          onChange={(event) => setType(event.target.value)}
          className="h-8 min-w-0 rounded-md border border-line bg-panel px-2 max-md:h-[44px]"
        >
          <option value="">All types</option>
          {listTypes(events).map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        <Input
          aria-label="Text in the events"
          placeholder="Text"
          className="min-w-32 flex-1"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <span role="status" className="self-center text-[13px] text-muted tabular-nums">
          {found.length === events.length ? events.length : `${found.length} of ${events.length}`}
        </span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
      <div tabIndex={0} className="min-h-0 flex-1 overflow-y-auto">
        {events.length > 0 && found.length === 0 && (
          <EmptyState title="No event matches">
            <Button
              onClick={() => {
                setType("");
                setText("");
              }}
            >
              Show all events
            </Button>
          </EmptyState>
        )}
        {events.length === 0 && <EmptyState title="Nothing has happened yet">Write the first message.</EmptyState>}
        {found.length > rows.length && (
          <div className="p-2 text-center">
            <Button size="small" onClick={() => setShown(shown + WINDOW)}>
              Show earlier ({found.length - rows.length} more)
            </Button>
          </div>
        )}
        <ul aria-label="Events">
          {rows.map(({ seq, event }) => (
            <EventRow key={seq} seq={seq} event={event} sessionId={session.id} />
          ))}
        </ul>
      </div>
    </div>
  );
}
