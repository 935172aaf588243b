// On a wide screen, beside the open session: all the others, those that wait for a person first.
"use client";

import Link from "next/link";
import { useEffect, useRef } from "react";
import { sessionState } from "../../client/session-state.ts";
import type { Session } from "../../contract/sessions.ts";
import { classNames } from "../components/class-names.ts";
import { FailureNote } from "../components/failure-note.tsx";
import { PanelLeftClose, Plus } from "../components/icons/icons.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { Name } from "../components/name.tsx";
import { RelativeTime } from "../components/relative-time.tsx";
import { StateIcon } from "../components/state-chip.tsx";
import { Button } from "../components/ui/button.tsx";
import { LastMessageLine } from "./last-message-line.tsx";
import { readFilter } from "./session-filter.ts";
import { useOrderedSessions } from "./use-ordered-sessions.ts";

const all = readFilter(new URLSearchParams());

export function SessionColumn({ currentId, onClose }: { currentId: string; onClose: () => void }) {
  const { query, sessions } = useOrderedSessions(all);
  const list = useRef<HTMLUListElement>(null);
  const known = sessions.length > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another session was opened, or the list has come
  useEffect(() => {
    list.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }, [currentId, known]);
  return (
    <nav aria-label="Other sessions" className="flex w-60 shrink-0 flex-col border-r border-line max-xl:hidden">
      <div className="flex min-h-14 shrink-0 items-center gap-1 border-b border-line pr-1 pl-3">
        <Link href="/" className="flex-1 font-medium hover:underline">
          Sessions
        </Link>
        <Button asChild look="quiet" size="icon">
          <Link href="/sessions/new" aria-label="New session" title="New session">
            <Plus aria-hidden />
          </Link>
        </Button>
        <Button look="quiet" size="icon" aria-label="Hide the list" title="Hide the list ([)" onClick={onClose}>
          <PanelLeftClose aria-hidden />
        </Button>
      </div>
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ListSkeleton label="Loading sessions" />}
      <ul ref={list} className="min-h-0 flex-1 overflow-y-auto">
        {sessions.map((session) => (
          <SessionLine key={session.id} session={session} current={session.id === currentId} />
        ))}
        {query.hasNextPage && (
          <li className="p-2 text-center">
            <Button size="small" onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
              Show older
            </Button>
          </li>
        )}
      </ul>
    </nav>
  );
}

function SessionLine({ session, current }: { session: Session; current: boolean }) {
  return (
    <li className="border-b border-line">
      <Link
        href={`/sessions/${session.id}`}
        aria-current={current ? "page" : undefined}
        className={classNames(
          "grid gap-0.5 px-3 py-1.5 text-[13px] outline-offset-[-2px] hover:bg-sunken",
          current && "bg-accent-soft hover:bg-accent-soft",
        )}
      >
        <span className="flex min-w-0 items-center gap-1.5">
          <StateIcon state={sessionState(session)} />
          <span className="min-w-0 flex-1 truncate font-medium">
            {session.title ? <Name text={session.title} /> : <span className="text-muted">Untitled</span>}
          </span>
          <span className="shrink-0 text-xs text-muted">
            <RelativeTime at={session.last_message?.at ?? session.created_at} />
          </span>
        </span>
        <LastMessageLine message={session.last_message} />
      </Link>
    </li>
  );
}
