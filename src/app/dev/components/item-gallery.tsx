// Every kind of item in each of its states, drawn from recorded logs by what draws a session's page.
"use client";

import { useState } from "react";
import { foldEvents } from "../../sessions/[id]/fold-events.ts";
import { RowView } from "../../sessions/[id]/row-view.tsx";
import { emptyView, retryableFailure } from "../../sessions/[id]/session-view.ts";
import { TimelineContext } from "../../sessions/[id]/timeline-actions.ts";
import { toRows } from "../../sessions/[id]/to-rows.ts";
import { recordedLogs } from "./recorded-logs.ts";
import { Specimen } from "./specimen.tsx";
import { Stage } from "./stage.tsx";

const SESSION = "sesn_recorded";

export function ItemGallery() {
  const [logs] = useState(() =>
    recordedLogs(Date.now()).map(({ name, events }) => ({ name, view: foldEvents(emptyView, events) })),
  );
  const [memory] = useState(() => new Map<string, unknown>());
  return (
    <Stage name="empty">
      {logs.map(({ name, view }) => (
        <Specimen key={name} name={name}>
          <TimelineContext
            value={{
              shown: null,
              highlighted: null,
              showDetails: () => undefined,
              retryable: retryableFailure(view),
              rewinding: "open",
              askEarlier: () => undefined,
              memory,
            }}
          >
            {toRows(view, []).map((row) => (
              <RowView key={row.key} row={row} sessionId={SESSION} outbox={null} onEdit={() => undefined} />
            ))}
          </TimelineContext>
        </Specimen>
      ))}
    </Stage>
  );
}
