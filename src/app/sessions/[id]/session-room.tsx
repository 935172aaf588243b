// One session: header, timeline, composer.
"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useEffect, useState } from "react";
import { ApiError } from "../../../client/api-error.ts";
import { type SessionState, sessionState } from "../../../client/session-state.ts";
import type { WaitingFor } from "../../../contract/sessions.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { preloadMarkdown } from "../../components/lazy-markdown.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { type FaviconState, useFavicon } from "../../components/use-favicon.ts";
import { useShortcuts } from "../../components/use-shortcuts.ts";
import { useBerth, useLive } from "../../providers.tsx";
import { Composer } from "./composer.tsx";
import { FirstAsking } from "./first-asking.ts";
import { SidePanel } from "./panel/side-panel.tsx";
import { usePanel } from "./panel/use-panel.ts";
import { SessionHeader } from "./session-header.tsx";
import type { SessionQuestion } from "./session-menu.tsx";
import { openCalls, type SessionView } from "./session-view.ts";
import { Timeline } from "./timeline.tsx";
import { useDraft } from "./use-draft.ts";
import { useOutbox } from "./use-outbox.ts";
import { useSessionEvents } from "./use-session-events.ts";
import { useSlashCommands } from "./use-slash-commands.ts";

export function SessionRoom({ sessionId }: { sessionId: string }) {
  const berth = useBerth();
  const live = useLive();
  const session = useQuery({
    queryKey: ["session", sessionId],
    queryFn: async ({ signal }) => {
      const mark = live.mark();
      const answer = await berth.sessions.get(sessionId, signal);
      return live.newest(answer, mark);
    },
  });
  const { view, log, caughtUp, error } = useSessionEvents(sessionId);
  const outbox = useOutbox(sessionId, view);
  const [draft, setDraft] = useDraft(sessionId);
  const [searching, setSearching] = useState(false);
  useShortcuts({ "/": () => setSearching(true) });
  const [asked, ask] = useState<SessionQuestion | null>(null);
  const commands = useSlashCommands(sessionId, { view, onArchive: () => ask("archive") });
  useEffect(() => {
    if (caughtUp) preloadMarkdown();
  }, [caughtUp]);

  const { refetch } = session;
  const { status } = view;
  const asking = openCalls(view, "asking");
  const waiting = asking.length;
  const failed = view.stopReason?.type === "retries_exhausted";
  // Beside an agent's editor the tab is the agent's.
  const ownPage = usePathname() === `/sessions/${sessionId}`;
  useFavicon(waiting > 0 ? "waiting" : (icons[status] ?? (failed ? "failed" : "plain")), ownPage);
  const panel = usePanel(ownPage);
  const title = (view.title === undefined ? session.data?.title : view.title) ?? null;
  const tabTitle = `${waiting > 0 ? `(${waiting}) Waiting for you · ` : ""}${title ?? "Session"} · Berth`;
  useDocumentTitle(ownPage ? tabTitle : null);

  const missing = [session.error, error].some((each) => each instanceof ApiError && each.status === 404);
  if (missing || status === "deleted") {
    return (
      <EmptyState title={status === "deleted" ? "This session was deleted" : "There is no such session"}>
        <Link href="/" className="text-accent underline">
          Back to all sessions
        </Link>
      </EmptyState>
    );
  }
  if (session.error && !session.data) return <FailureNote error={session.error} onRetry={() => void refetch()} />;
  if (!session.data || !caughtUp) return <ListSkeleton label="Loading the session" />;
  const waitingFor = waitingInView(view);
  const state = stateInRoom(
    waitingFor,
    sessionState({ ...session.data, status, stop_reason: view.stopReason, waiting_for: waitingFor }),
  );
  return (
    <div className="flex h-full flex-col">
      <SessionHeader
        session={session.data}
        view={view}
        title={title}
        state={state}
        waitingFor={waitingFor}
        asking={{ asked, ask }}
        onSearch={() => setSearching(true)}
        {...(ownPage ? { panel } : {})}
      />
      <div className="flex min-h-0 flex-1">
        <div className="flex min-w-0 flex-1 flex-col">
          {error !== null && <FailureNote error={error} />}
          {commands.error && <FailureNote error={commands.error} />}
          <FirstAsking value={asking[0]?.id ?? null}>
            <Timeline
              view={view}
              log={log}
              sessionId={sessionId}
              outbox={outbox}
              onEdit={(text) => setDraft(draft.trim() === "" ? text : `${text}\n${draft}`)}
              searching={searching}
              onSearchEnd={() => setSearching(false)}
            />
          </FirstAsking>
          <Composer draft={[draft, setDraft]} view={view} state={state} onSend={outbox.send} onCommand={commands.run} />
        </div>
        <SidePanel panel={panel} session={session.data} view={view} log={log} />
      </div>
    </div>
  );
}

const icons: Partial<Record<SessionView["status"], FaviconState>> = { running: "running", rescheduling: "running" };

function waitingInView(view: SessionView): WaitingFor {
  const waits = (state: "asking" | "awaiting_result") => {
    const names = openCalls(view, state).map(({ name }) => name);
    return { count: names.length, tools: [...new Set(names)] };
  };
  return { tool_confirmations: waits("asking"), custom_tool_results: waits("awaiting_result") };
}

/** The calls of the turn tell more than the session's own state: for whom it waits, and what is answered already. */
function stateInRoom(waitingFor: WaitingFor, state: SessionState): SessionState {
  if (state === "archived" || state === "ended") return state;
  if (waitingFor.tool_confirmations.count > 0) return "waiting_for_you";
  // Everything is answered: the agent is about to go on.
  return state === "waiting_for_you" ? "running" : state;
}
