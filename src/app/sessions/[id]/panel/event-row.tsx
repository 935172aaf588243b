// One event in a line; opened, its JSON and the request that lists it.
"use client";

import type { SessionEvent } from "../../../../contract/events.ts";
import { CopyButton } from "../../../components/copy-button.tsx";
import { ChevronRight } from "../../../components/icons/icons.tsx";
import { OutputText } from "../items/output-text.tsx";

type EventRowProps = { seq: number; event: SessionEvent; sessionId: string; open: boolean; onToggle: () => void };

export function EventRow({ seq, event, sessionId, open, onToggle }: EventRowProps) {
  return (
    <div className="border-b border-line">
      <button
        type="button"
        aria-expanded={open}
        onClick={onToggle}
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
          <OutputText
            name={`JSON of ${seq}`}
            label="JSON"
            text={JSON.stringify(event, null, 2)}
            copyLabel="Copy JSON"
          />
        </div>
      )}
    </div>
  );
}

function timeOf(at: string): string {
  return new Date(at).toLocaleTimeString(undefined, {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  });
}

/** Events have no address of their own; the list of those of its type has. */
function curlOf(sessionId: string, type: string): string {
  const path = `/v1/sessions/${sessionId}/events?types[]=${encodeURIComponent(type)}`;
  return `curl -g '${window.location.origin}${path}' -H "x-api-key: $BERTH_API_KEY"`;
}
