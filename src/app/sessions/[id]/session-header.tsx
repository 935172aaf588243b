// What this session is, how it is doing, and what can be done with it.
"use client";

import { useMutation } from "@tanstack/react-query";
import Link from "next/link";
import type { SessionState } from "../../../client/session-state.ts";
import type { Session, WaitingFor } from "../../../contract/sessions.ts";
import { visibleExactly } from "../../../lib/visible-text.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { PanelLeftOpen, PanelRight, Search, Square } from "../../components/icons/icons.tsx";
import { Name } from "../../components/name.tsx";
import { StateChip } from "../../components/state-chip.tsx";
import { Button } from "../../components/ui/button.tsx";
import { useBerth } from "../../providers.tsx";
import { useSessionColumn } from "../use-session-column.ts";
import type { Transcript } from "./export/transcript.ts";
import type { Panel } from "./panel/use-panel.ts";
import { type Asking, SessionMenu } from "./session-menu.tsx";
import { type Renaming, SessionTitle } from "./session-title.tsx";
import type { SessionView } from "./session-view.ts";
import { UsageLine } from "./usage-line.tsx";

type SessionHeaderProps = {
  session: Session;
  view: SessionView;
  title: string | null;
  state: SessionState;
  waitingFor: WaitingFor;
  asking: Asking;
  renaming: Renaming;
  /** The conversation as it is now, for an export. */
  write: () => Transcript;
  onSearch: () => void;
  /** Where there is room for details. */
  panel?: Panel;
};

export function SessionHeader({
  session,
  view,
  title,
  state,
  waitingFor,
  asking,
  renaming,
  write,
  onSearch,
  panel,
}: SessionHeaderProps) {
  const berth = useBerth();
  const column = useSessionColumn();
  const interrupt = useMutation({
    mutationFn: () => berth.events.send(session.id, [{ type: "user.interrupt" }]),
  });
  const busy = view.status === "running" || view.status === "rescheduling";
  return (
    <header className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2">
      {panel && !column.open && (
        <Button
          look="quiet"
          size="icon"
          className="-ml-2 max-xl:hidden"
          aria-label="Show the other sessions"
          aria-keyshortcuts="["
          title="Show the other sessions ([)"
          onClick={column.toggle}
        >
          <PanelLeftOpen aria-hidden />
        </Button>
      )}
      <div className="min-w-0 flex-1 basis-60">
        <SessionTitle sessionId={session.id} title={title} {...renaming} />
        <div className="flex flex-wrap items-center gap-x-3 text-[13px] text-muted">
          <Link href={`/agents/${session.agent.id}`} className="hover:underline">
            <Name text={session.agent.name} /> v{session.agent.version}
          </Link>
          <span>{visibleExactly(session.agent.model.id)}</span>
          <UsageLine session={session} view={view} />
          <span className="flex items-center font-mono text-xs max-lg:hidden" title={session.id}>
            {session.id.slice(0, 5)}…{session.id.slice(-6)}
            <CopyButton text={session.id} label="Copy the session's id" className="h-6" />
          </span>
        </div>
      </div>
      {/* The state's words give way before a button does. */}
      <div className="flex max-w-full min-w-0 items-center gap-2">
        <span role="status" className="flex min-w-0">
          <StateChip state={state} waitingFor={waitingFor} />
        </span>
        {busy && (
          <Button onClick={() => interrupt.mutate()} disabled={interrupt.isPending}>
            <Square aria-hidden /> Interrupt
          </Button>
        )}
        <Button
          look="quiet"
          size="icon"
          aria-label="Search in this session"
          aria-keyshortcuts="/"
          title="Search in this session (/)"
          onClick={onSearch}
        >
          <Search aria-hidden />
        </Button>
        {panel && (
          <Button
            look="quiet"
            size="icon"
            aria-label="Details"
            aria-keyshortcuts="]"
            aria-expanded={panel.tabId !== null}
            title="Details: overview, files, events (])"
            onClick={panel.toggle}
          >
            <PanelRight aria-hidden />
          </Button>
        )}
        <SessionMenu session={session} write={write} {...asking} />
      </div>
      {interrupt.error && <FailureNote error={interrupt.error} />}
    </header>
  );
}
