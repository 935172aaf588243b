// One session that waits: which it is, since when, and its open calls with their forms.
"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { Session } from "../../contract/sessions.ts";
import { visibleName } from "../../lib/visible-text.ts";
import { FailureNote } from "../components/failure-note.tsx";
import { Name } from "../components/name.tsx";
import { RelativeTime } from "../components/relative-time.tsx";
import { useBerth } from "../providers.tsx";
import { FirstAsking } from "../sessions/[id]/first-asking.ts";
import { foldEvents } from "../sessions/[id]/fold-events.ts";
import { ToolCard } from "../sessions/[id]/items/tool-card.tsx";
import { emptyView, openCalls } from "../sessions/[id]/session-view.ts";

/** More calls than a turn is likely to have open at once. */
const LATEST_EVENTS = 200;

/** `first`: the keys A, D and R are for its first call. */
export function WaitingSession({ session, first }: { session: Session; first: boolean }) {
  const calls = useOpenCalls(session);
  return (
    <article aria-label={visibleName(session.title ?? "Untitled")} className="grid grid-cols-[minmax(0,1fr)] gap-2">
      <h2 className="flex flex-wrap items-baseline gap-x-3">
        <Link href={`/sessions/${session.id}`} className="min-w-0 truncate font-medium hover:underline">
          <Name text={session.title ?? "Untitled"} />
        </Link>
        <span className="text-[13px] font-normal text-muted">
          <Name text={session.agent.name} /> · <RelativeTime at={session.updated_at} />
        </span>
      </h2>
      {calls.error && <FailureNote error={calls.error} onRetry={() => void calls.refetch()} />}
      <FirstAsking value={first ? (calls.data?.[0]?.id ?? null) : null}>
        {calls.data?.map((item) => (
          <ToolCard key={item.id} item={item} sessionId={session.id} />
        ))}
      </FirstAsking>
    </article>
  );
}

/** The calls and the answers that some of them have got already, folded as the session's page does it. */
function useOpenCalls(session: Session) {
  const berth = useBerth();
  return useQuery({
    // A session that was answered and waits again has changed.
    queryKey: ["waiting-calls", session.id, session.updated_at],
    queryFn: async ({ signal }) => {
      const latest = await berth.events.list(
        session.id,
        {
          order: "desc",
          limit: LATEST_EVENTS,
          types: [
            "agent.tool_use",
            "agent.tool_result",
            "agent.mcp_tool_use",
            "agent.mcp_tool_result",
            "user.tool_confirmation",
            "session.status_idle",
          ],
        },
        signal,
      );
      const events = latest.data.reverse().map((event, index) => ({ seq: index + 1, event }));
      const view = foldEvents(emptyView, events);
      return openCalls(view, "asking");
    },
  });
}
