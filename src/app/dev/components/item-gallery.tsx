// Every kind of item in each of its states, drawn from recorded logs by what draws a session's page.
"use client";

import { useState } from "react";
import { foldEvents } from "../../sessions/[id]/fold-events.ts";
import { QueuedMessage } from "../../sessions/[id]/items/queued-message.tsx";
import { emptyView, retryableFailure } from "../../sessions/[id]/session-view.ts";
import { TimelineContext } from "../../sessions/[id]/timeline-actions.ts";
import { TurnView } from "../../sessions/[id]/turn-view.tsx";
import { recordedLogs } from "./recorded-logs.ts";
import { Specimen } from "./specimen.tsx";
import { Stage } from "./stage.tsx";

const SESSION = "sesn_recorded";

export function ItemGallery() {
  const [logs] = useState(() =>
    recordedLogs(Date.now()).map(({ name, events }) => ({ name, view: foldEvents(emptyView, events) })),
  );
  return (
    <Stage name="empty">
      {logs.map(({ name, view }) => (
        <Specimen key={name} name={name}>
          <TimelineContext
            value={{ highlighted: null, showDetails: () => undefined, retryable: retryableFailure(view) }}
          >
            {view.turns.map((turn) => (
              <TurnView key={turn.id} turn={turn} skipped={0} end={turn.items.length} sessionId={SESSION} />
            ))}
          </TimelineContext>
          {view.queued.map((item) => (
            <QueuedMessage key={item.id} item={item} sessionId={SESSION} onEdit={() => undefined} />
          ))}
        </Specimen>
      ))}
    </Stage>
  );
}
