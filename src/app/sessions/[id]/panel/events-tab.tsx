// The log as it is: every stored event, by type and text, as JSON.
"use client";

import { useDeferredValue, useMemo, useRef, useState } from "react";
import { EmptyState } from "../../../components/empty-state.tsx";
import { ArrowDown } from "../../../components/icons/icons.tsx";
import { RowList } from "../../../components/row-list.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { Input } from "../../../components/ui/input.tsx";
import type { RowListHandle } from "../../../components/use-virtual-rows.ts";
import { createEventIndex, type LoggedEvent } from "./event-index.ts";
import { EventRow } from "./event-row.tsx";
import type { PanelTabProps } from "./panel-tabs.ts";

const ROW_PX = 37;
const keyOf = ({ seq }: LoggedEvent) => `${seq}`;

export function EventsTab({ session, view, log }: PanelTabProps) {
  const [type, setType] = useState("");
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text);
  const lookUp = useMemo(() => createEventIndex(log, { type, text: wanted }), [log, type, wanted]);
  const { events, total, types } = lookUp(view.lastSeq);
  const list = useRef<RowListHandle>(null);
  const [atEnd, setAtEnd] = useState(true);
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  const toggle = (seq: number) => {
    const next = new Set(opened);
    if (!next.delete(seq)) next.add(seq);
    setOpened(next);
  };
  return (
    <div className="relative flex h-full flex-col">
      <div className="flex flex-wrap gap-2 border-b border-line p-2">
        <select
          aria-label="Type of event"
          value={type}
          onChange={(event) => setType(event.target.value)}
          className="h-8 min-w-0 rounded-md border border-line bg-panel px-2 max-md:h-[44px]"
        >
          <option value="">All types</option>
          {types.map((each) => (
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
          {events.length === total
            ? total.toLocaleString()
            : `${events.length.toLocaleString()} of ${total.toLocaleString()}`}
        </span>
      </div>
      {total === 0 && <EmptyState title="Nothing has happened yet">Write the first message.</EmptyState>}
      {total > 0 && events.length === 0 && (
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
      {events.length > 0 && (
        <RowList
          // Another filter is another list: it begins at its end.
          key={`${type} ${wanted}`}
          rows={events}
          keyOf={keyOf}
          estimatePx={() => ROW_PX}
          draw={({ seq, event }) => (
            <EventRow
              seq={seq}
              event={event}
              sessionId={session.id}
              open={opened.has(seq)}
              onToggle={() => toggle(seq)}
            />
          )}
          handle={list}
          onAtEnd={setAtEnd}
          list={{ role: "list", "aria-label": "Events", className: "relative" }}
        />
      )}
      {events.length > 0 && !atEnd && (
        <Button
          size="small"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow"
          onClick={() => list.current?.goToEnd()}
        >
          <ArrowDown aria-hidden /> To the end
        </Button>
      )}
    </div>
  );
}
