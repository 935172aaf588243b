// A failure in words, with the request's name for the log and a way to try again.
import { ApiError } from "../../client/api-error.ts";
import { TriangleAlert } from "./icons/icons.tsx";
import { Button } from "./ui/button.tsx";

export function FailureNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const message = error instanceof Error ? error.message : "Something went wrong.";
  return (
    <div
      role="alert"
      className="m-4 flex flex-wrap items-center gap-3 rounded-md border border-danger/50 bg-danger-soft px-3 py-2"
    >
      <TriangleAlert aria-hidden className="size-4 shrink-0 text-danger" />
      <p className="min-w-0 flex-1 basis-60 wrap-anywhere">
        {message}
        {error instanceof ApiError && error.requestId && (
          <span className="block font-mono text-xs text-muted">{error.requestId}</span>
        )}
      </p>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}
