// One session: header, timeline, composer.
"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { Suspense, useEffect, useState } from "react";
import { ApiError } from "../../../client/api-error.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { preloadMarkdown } from "../../components/lazy-markdown.tsx";
import { lazyPart } from "../../components/lazy-part.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { useDocumentTitle } from "../../components/use-document-title.ts";
import { type FaviconState, useFavicon } from "../../components/use-favicon.ts";
import { useShortcuts } from "../../components/use-shortcuts.ts";
import { useBerth, useLive } from "../../providers.tsx";
import { Composer, closedReasons } from "./composer.tsx";
import { DropHint } from "./drop-hint.tsx";
import { exportSession } from "./export/export-session.ts";
import { PrintTranscript } from "./export/print-transcript.tsx";
import type { Transcript } from "./export/transcript.ts";
import { FirstAsking } from "./first-asking.ts";
import { SidePanel } from "./panel/side-panel.tsx";
import { usePanel } from "./panel/use-panel.ts";
import { SessionHeader } from "./session-header.tsx";
import type { SessionQuestion } from "./session-menu.tsx";
import { stateInView } from "./session-state-in-view.ts";
import { openCalls, type SessionView } from "./session-view.ts";
import { useAttachments } from "./use-attachments.ts";
import { useDraft } from "./use-draft.ts";
import { useOutbox } from "./use-outbox.ts";
import { usePageDrops } from "./use-page-drops.ts";
import { useSessionCommands } from "./use-session-commands.ts";
import { useSessionEvents } from "./use-session-events.ts";
import { useSlashCommands } from "./use-slash-commands.ts";

/** The largest part of the page. It comes while the log does. */
const { Part: Timeline, preload } = lazyPart(async () => (await import("./timeline.tsx")).Timeline);
// Begun at once; on a failure the page tries again when it is drawn.
if (typeof window !== "undefined") preload();

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
  const files = useAttachments(sessionId);
  const [searching, setSearching] = useState(false);
  useShortcuts({ "/": () => setSearching(true) });
  const [renaming, setRenaming] = useState(false);
  const [asked, ask] = useState<SessionQuestion | null>(null);
  const title = (view.title === undefined ? session.data?.title : view.title) ?? null;
  const write = (): Transcript => {
    if (!session.data) throw new Error("The session is still loading.");
    return { session: session.data, title, view, log, at: new Date().toISOString() };
  };
  const commands = useSlashCommands(sessionId, {
    view,
    onArchive: () => ask("archive"),
    onExport: (format) => exportSession(write(), format),
  });
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
  const tabTitle = `${waiting > 0 ? `(${waiting}) Waiting for you · ` : ""}${title ?? "Session"} · Berth`;
  useDocumentTitle(ownPage ? tabTitle : null);

  const { state, waitingFor } = stateInView(view, session.data?.archived_at ?? null);
  useSessionCommands({
    session: ownPage ? (session.data ?? null) : null,
    view,
    panel,
    run: (command) => void commands.run(command),
    ask,
    onRename: () => setRenaming(true),
    onSearch: () => setSearching(true),
  });
  const { dropping } = usePageDrops(closedReasons[state] === undefined ? files.add : null);

  const missing = [session.error, error].some((each) => each instanceof ApiError && each.status === 404);
  if (missing || status === "deleted") {
    return (
      <EmptyState alone title={status === "deleted" ? "This session was deleted" : "There is no such session"}>
        <Link href="/" className="text-accent underline">
          Back to all sessions
        </Link>
      </EmptyState>
    );
  }
  if (session.error && !session.data) return <FailureNote error={session.error} onRetry={() => void refetch()} />;
  if (!session.data || !caughtUp) return <ListSkeleton label="Loading the session" />;
  return (
    <div className="relative flex h-full flex-col">
      {dropping && <DropHint />}
      <SessionHeader
        session={session.data}
        view={view}
        title={title}
        state={state}
        waitingFor={waitingFor}
        asking={{ asked, ask }}
        renaming={{ renaming, onRenaming: setRenaming }}
        write={write}
        onSearch={() => setSearching(true)}
        {...(ownPage ? { panel } : {})}
      />
      <div className="flex min-h-0 flex-1">
        <div className="flex min-w-0 flex-1 flex-col">
          {error !== null && <FailureNote error={error} />}
          {commands.error && <FailureNote error={commands.error} />}
          <FirstAsking value={asking[0]?.id ?? null}>
            <Suspense fallback={<div className="flex-1" />}>
              <Timeline
                view={view}
                log={log}
                sessionId={sessionId}
                outbox={outbox}
                closed={closedReasons[state] !== undefined}
                onEdit={(text) => setDraft(draft.trim() === "" ? text : `${text}\n${draft}`)}
                searching={searching}
                onSearchEnd={() => setSearching(false)}
              />
            </Suspense>
          </FirstAsking>
          <Composer
            draft={[draft, setDraft]}
            files={files}
            view={view}
            state={state}
            onSend={outbox.send}
            onCommand={commands.run}
          />
        </div>
        <SidePanel panel={panel} session={session.data} view={view} log={log} />
      </div>
      {ownPage && <PrintTranscript write={write} ready={caughtUp} />}
    </div>
  );
}

const icons: Partial<Record<SessionView["status"], FaviconState>> = { running: "running", rescheduling: "running" };
