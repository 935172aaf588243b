// One tool call: what, in which state, how long; opens to input and output.
"use client";

import { use } from "react";
import { summarizeCall } from "../../../../client/tool-summary.ts";
import { visibleExactly, visibleName } from "../../../../lib/visible-text.ts";
import { ChevronRight } from "../../../components/icons/icons.tsx";
import { Button } from "../../../components/ui/button.tsx";
import type { ToolCallItem } from "../session-view.ts";
import { TimelineContext } from "../timeline-actions.ts";
import { useOpenCard } from "../use-open-card.ts";
import { ApprovalForm } from "./approval-form.tsx";
import { Blocks } from "./blocks.tsx";
import { CallInput } from "./call-input.tsx";
import { ConfirmationLine } from "./confirmation-line.tsx";
import { CustomResultForm } from "./custom-result-form.tsx";
import { LiveOutputText } from "./live-output-text.tsx";
import { LivePeek, OutputPeek } from "./output-peek.tsx";
import { OutputText } from "./output-text.tsx";
import { ToolIcon } from "./tool-icon.tsx";
import { ToolStateLabel } from "./tool-state-label.tsx";

export function ToolCard({ item, sessionId }: { item: ToolCallItem; sessionId: string }) {
  const [open, setOpen] = useOpenCard(item);
  const timeline = use(TimelineContext);
  const asking = item.state === "asking";
  return (
    <article
      data-event={item.id}
      aria-label={`Tool call ${visibleName(item.name)}`}
      className={`min-w-0 rounded-md border bg-panel ${asking ? "border-waiting" : "border-line"}`}
    >
      <button
        type="button"
        aria-expanded={open}
        className="flex w-full min-w-0 items-center gap-2 rounded-md px-3 py-1.5 text-left hover:bg-sunken max-md:min-h-[44px]"
        onClick={() => setOpen(!open)}
      >
        <ChevronRight aria-hidden className={`size-3.5 shrink-0 text-muted ${open ? "rotate-90" : ""}`} />
        <ToolIcon name={item.name} />
        <span className="shrink-0 font-medium">{visibleExactly(item.name)}</span>
        <span className="min-w-0 flex-1 truncate font-mono text-[13px] text-muted">
          {visibleExactly(summarizeCall(item.name, item.input))}
        </span>
        <ToolStateLabel item={item} />
      </button>
      {open && (
        <div className="grid grid-cols-[minmax(0,1fr)] gap-2 border-t border-line p-3">
          <CallInput item={item} />
          {item.confirmation && <ConfirmationLine confirmation={item.confirmation} />}
          {item.output && <LiveOutputText output={item.output} />}
          {item.result && (
            <Blocks
              blocks={item.result}
              renderText={(text, name) => (
                <OutputText name={name} label="Output" text={text} copyLabel="Copy output" isOutput />
              )}
            />
          )}
          {item.result?.length === 0 && <p className="text-[13px] text-muted">No output.</p>}
          {timeline && (
            // Where there is no room beside the item.
            <Button size="small" className="justify-self-start lg:hidden" onClick={() => timeline.showDetails(item.id)}>
              Event details
            </Button>
          )}
        </div>
      )}
      {!open && item.output && <LivePeek output={item.output} />}
      {!open && item.result && <OutputPeek blocks={item.result} />}
      {asking && <ApprovalForm item={item} sessionId={sessionId} />}
      {item.state === "awaiting_result" && <CustomResultForm item={item} sessionId={sessionId} />}
    </article>
  );
}
