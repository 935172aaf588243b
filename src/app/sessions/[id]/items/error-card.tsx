// A failure of the turn: what happened, and what happens next.
import { TriangleAlert } from "lucide-react";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import type { ErrorItem } from "../session-view.ts";

const nextSteps: Record<ErrorItem["retry"], string> = {
  retrying: "It is tried again by itself.",
  exhausted: "It was tried several times. Mend the cause, then write a message to go on.",
  terminal: "The session cannot go on. Start a new one.",
};

export function ErrorCard({ item }: { item: ErrorItem }) {
  return (
    <div className="flex gap-3 rounded-md border border-danger/50 bg-danger-soft px-3 py-2">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
      <div className="min-w-0 wrap-anywhere">
        <p className="whitespace-pre-wrap">{visibleExactly(item.message)}</p>
        <p className="text-[13px] text-muted">
          {nextSteps[item.retry]} <span className="font-mono">{item.errorType}</span>
        </p>
      </div>
    </div>
  );
}
