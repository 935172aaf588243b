// One event as the API has it, with what belongs to it, and the link that leads here.
"use client";

import type { StreamEvent } from "../../../contract/events.ts";
import { Link as LinkIcon } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { useCopy } from "../../components/use-copy.ts";
import { OutputText } from "./items/output-text.tsx";
import { relatedEvents } from "./related-events.ts";

type EventDetailsProps = { id: string | null; log: readonly StreamEvent[]; onClose: () => void };

export function EventDetails({ id, log, onClose }: EventDetailsProps) {
  const { copied, available, copy } = useCopy();
  const events = id === null ? [] : relatedEvents(log, id);
  return (
    <Dialog open={id !== null} onClose={onClose} title="Event" wide>
      <div className="grid max-h-[75dvh] grid-cols-[minmax(0,1fr)] gap-3 overflow-y-auto">
        <div className="flex flex-wrap items-center gap-2">
          <a href={`#${id}`} onClick={onClose} className="mr-auto font-mono text-[13px] text-accent underline">
            {id}
          </a>
          {available && (
            <Button size="small" onClick={() => copy(new URL(`#${id}`, window.location.href).href)}>
              <LinkIcon aria-hidden /> {copied ? "Copied" : "Copy link"}
            </Button>
          )}
          <Button size="small" onClick={onClose}>
            Close
          </Button>
        </div>
        {events.length === 0 && <p className="text-muted">It is still being written.</p>}
        {events.map((event, index) => (
          <OutputText
            // biome-ignore lint/suspicious/noArrayIndexKey: an event and its echo have one id
            key={index}
            label={event.type}
            text={JSON.stringify(event, null, 2)}
            copyLabel="Copy JSON"
          />
        ))}
      </div>
    </Dialog>
  );
}
