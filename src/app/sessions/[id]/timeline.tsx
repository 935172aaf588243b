// The conversation, row by row. Stays at its end only while the reader is there.
"use client";

import { use, useEffect, useEffectEvent, useMemo, useRef, useState } from "react";
import type { StreamEvent } from "../../../contract/events.ts";
import { ArrowDown } from "../../components/icons/icons.tsx";
import { RowList } from "../../components/row-list.tsx";
import { Button } from "../../components/ui/button.tsx";
import type { RowListHandle } from "../../components/use-virtual-rows.ts";
import { EarlierMessageDialog } from "./earlier-message-dialog.tsx";
import { estimateRowPx } from "./estimate-row.ts";
import { EventDetails } from "./event-details.tsx";
import { FirstAsking } from "./first-asking.ts";
import { MissingEvent } from "./missing-event.tsx";
import { Outline } from "./outline.tsx";
import { RowView } from "./row-view.tsx";
import { SearchBar } from "./search-bar.tsx";
import { retryableFailure, type SessionView } from "./session-view.ts";
import { type EarlierQuestion, TimelineContext } from "./timeline-actions.ts";
import { countItems, indexOfRow, type Row, toRows } from "./to-rows.ts";
import { useJump } from "./use-jump.ts";
import { useMarkedWords } from "./use-marked-words.ts";
import type { Outbox } from "./use-outbox.ts";

type TimelineProps = {
  view: SessionView;
  log: readonly StreamEvent[];
  sessionId: string;
  outbox: Outbox;
  /** Nothing can be sent to it any more. */
  closed: boolean;
  /** A message was taken back to be written anew. */
  onEdit: (text: string) => void;
  searching: boolean;
  onSearchEnd: () => void;
};

const keyOf = (row: Row) => row.key;

export function Timeline(props: TimelineProps) {
  const { view, log, sessionId, outbox, closed, onEdit, searching, onSearchEnd } = props;
  const { turns, queued } = view;
  const list = useRef<RowListHandle>(null);
  const rows = useMemo(() => toRows({ turns, queued }, outbox.messages), [turns, queued, outbox.messages]);
  const [detailsOf, setDetailsOf] = useState<string | null>(null);
  const { jump, shown, highlighted, missing, giveUp, endSearch } = useJump({
    rows,
    log,
    list,
    onDetails: setDetailsOf,
  });
  useMarkedWords(list, shown);
  const retryable = retryableFailure(view);
  const [memory] = useState(() => new Map<string, unknown>());
  const [earlier, askEarlier] = useState<EarlierQuestion | null>(null);
  const rests = view.status === "idle" && queued.length === 0;
  const rewinding = closed ? "never" : rests ? "open" : "later";
  const actions = useMemo(
    () => ({ shown, highlighted, showDetails: setDetailsOf, retryable, rewinding, askEarlier, memory }) as const,
    [shown, highlighted, retryable, rewinding, memory],
  );

  const [atEnd, setAtEnd] = useState(true);
  const count = countItems(turns);
  const [seen, setSeen] = useState(count);
  if (atEnd && seen !== count) setSeen(count);
  useOwnMessages(outbox.messages.length, () => list.current?.goToEnd());
  // Its keys act on what is drawn only.
  const asking = use(FirstAsking);
  const askingRow = asking === null ? null : (rows[indexOfRow(rows, asking)]?.key ?? null);
  return (
    <div className="@container/timeline relative flex min-h-0 flex-1 flex-col">
      {searching && (
        <SearchBar
          turns={turns}
          onJump={jump}
          onClose={() => {
            endSearch();
            onSearchEnd();
          }}
        />
      )}
      {missing !== null && <MissingEvent id={missing} onClose={giveUp} />}
      {rows.length === 0 && (
        <p className="absolute inset-x-0 top-14 text-center text-muted">Nothing yet. Write the first message below.</p>
      )}
      <TimelineContext value={actions}>
        <RowList
          rows={rows}
          keyOf={keyOf}
          estimatePx={estimateRowPx}
          draw={(row) => <RowView row={row} sessionId={sessionId} outbox={outbox} onEdit={onEdit} />}
          kept={askingRow}
          handle={list}
          onAtEnd={setAtEnd}
          gapPx={12}
          paddingPx={16}
          list={{
            role: "log",
            "aria-label": "Conversation",
            // While a turn runs, the status says so; its many changes are not read out one by one. Nor is what is drawn
            // because somebody scrolls.
            "aria-live": view.status === "running" || !atEnd ? "off" : "polite",
            className: "relative mx-auto max-w-3xl",
          }}
          rowClass="px-4"
        />
      </TimelineContext>
      {!atEnd && (
        <Button
          size="small"
          className="absolute bottom-3 left-1/2 -translate-x-1/2 rounded-full shadow"
          onClick={() => {
            list.current?.goToEnd();
            list.current?.region()?.focus({ preventScroll: true });
          }}
        >
          <ArrowDown aria-hidden /> {count > seen ? `${(count - seen).toLocaleString()} new` : "To the end"}
        </Button>
      )}
      <Outline turns={turns} onJump={jump} />
      <EarlierMessageDialog sessionId={sessionId} question={earlier} onClose={() => askEarlier(null)} onEdit={onEdit} />
      <EventDetails id={detailsOf} log={log} onClose={() => setDetailsOf(null)} />
    </div>
  );
}

/** Who has written something wants to see it. */
function useOwnMessages(count: number, show: () => void): void {
  const known = useRef(count);
  const look = useEffectEvent((now: number) => {
    if (now > known.current) show();
    known.current = now;
  });
  useEffect(() => look(count), [count]);
}
