// A failure of the turn: what happened, what happens next, and the way on.
"use client";

import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import { use } from "react";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { RotateCw, TriangleAlert } from "../../../components/icons/icons.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useBerth } from "../../../providers.tsx";
import type { ErrorItem } from "../session-view.ts";
import { TimelineContext } from "../timeline-actions.ts";

const nextSteps: Record<ErrorItem["retry"], string> = {
  retrying: "It is tried again by itself.",
  exhausted: "The turn was given up. Mend the cause and try again, or write a message to go on.",
  terminal: "The session cannot go on. Start a new one.",
};

function nextStep({ errorType, retry, mendedAt }: ErrorItem): string {
  if (errorType === "repository_authentication_error" || errorType === "repository_forbidden_error")
    return "The agent goes on without it. Give it another token in the tab Overview; it is tried again in the next turn that runs a tool.";
  if (errorType.startsWith("repository_"))
    return "The agent goes on without it. It is tried again in the next turn that runs a tool.";
  // Only tools of an MCP server that are left out have this type and do not end the turn.
  if (errorType === "unknown_error" && retry === "retrying") return "The agent goes on without them.";
  // The message itself says what to do.
  if (mendedAt?.place === "environment") return "The turn was given up.";
  return nextSteps[retry];
}

export function ErrorCard({ item, sessionId }: { item: ErrorItem; sessionId: string }) {
  const retryable = use(TimelineContext)?.retryable === item.id;
  return (
    <div
      data-event={item.id}
      className="flex flex-wrap gap-3 rounded-md border border-danger/50 bg-danger-soft px-3 py-2"
    >
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
      {/* As wide as beside one button; where there are two they go below it. */}
      <div className="min-w-0 flex-1 basis-[min(24rem,calc(100%-1.75rem))] wrap-anywhere">
        {item.title && <p className="font-semibold">{item.title}</p>}
        <p className="whitespace-pre-wrap">{visibleExactly(item.message)}</p>
        <p className="text-[13px] text-muted">
          {nextStep(item)}
          {/* The API has no type for what the title says: it would read as if nobody knew. */}
          {!(item.title && item.errorType === "unknown_error") && (
            <span className="ml-1 font-mono">{item.errorType}</span>
          )}
        </p>
      </div>
      {(item.mendedAt || retryable) && (
        <div className="flex flex-wrap items-start gap-2">
          {item.mendedAt && (
            <Button asChild size="small">
              <Link href={`/${item.mendedAt.place}s/${item.mendedAt.id}`}>Open the {item.mendedAt.place}</Link>
            </Button>
          )}
          {retryable && <RetryButton sessionId={sessionId} />}
        </div>
      )}
    </div>
  );
}

function RetryButton({ sessionId }: { sessionId: string }) {
  const berth = useBerth();
  const retry = useMutation({ mutationFn: () => berth.sessions.retry(sessionId) });
  return (
    <div className="grid justify-items-end gap-1">
      <Button size="small" disabled={retry.isPending || retry.isSuccess} onClick={() => retry.mutate()}>
        <RotateCw aria-hidden /> Try again
      </Button>
      {retry.error && (
        <p role="alert" className="text-[13px] text-danger">
          {retry.error.message}
        </p>
      )}
    </div>
  );
}
