// One event in a line; opened, its JSON and the request that lists it.
"use client";

import { useState } from "react";
import type { SessionEvent } from "../../../../contract/events.ts";
import { CopyButton } from "../../../components/copy-button.tsx";
import { ChevronRight } from "../../../components/icons/icons.tsx";
import { OutputText } from "../items/output-text.tsx";

export function EventRow({ seq, event, sessionId }: { seq: number; event: SessionEvent; sessionId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <li className="border-b border-line [contain-intrinsic-size:auto_36px] [content-visibility:auto]">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-2 px-2 py-1.5 text-left hover:bg-sunken max-md:py-3"
      >
        <ChevronRight aria-hidden className={`size-4 shrink-0 text-muted ${open ? "rotate-90" : ""}`} />
        <span className="w-12 shrink-0 text-right text-[13px] text-muted tabular-nums">{seq}</span>
        <span className="min-w-0 truncate font-mono text-[13px]">{event.type}</span>
        <time dateTime={event.processed_at ?? undefined} className="ml-auto text-[13px] text-muted tabular-nums">
          {event.processed_at ? timeOf(event.processed_at) : "queued"}
        </time>
      </button>
      {open && (
        <div className="grid gap-2 px-3 pb-3">
          <div className="flex items-center gap-2 text-[13px]">
            <a href={`#${event.id}`} className="mr-auto font-mono wrap-anywhere text-accent underline">
              {event.id}
            </a>
            <CopyButton text={() => curlOf(sessionId, event.type)} label="Copy as curl" />
          </div>
          <OutputText label="JSON" text={JSON.stringify(event, null, 2)} copyLabel="Copy JSON" />
        </div>
      )}
    </li>
  );
}

function timeOf(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, { hour12: false, fractionalSecondDigits: 3 });
}

/** Events have no address of their own; the list of those of its type has. */
function curlOf(sessionId: string, type: string): string {
  const path = `/v1/sessions/${sessionId}/events?types[]=${encodeURIComponent(type)}`;
  return `curl -g '${window.location.origin}${path}' -H "x-api-key: $BERTH_API_KEY"`;
}
