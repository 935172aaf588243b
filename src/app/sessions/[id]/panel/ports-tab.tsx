// Ports of the session's sandbox on which something listens, live: a click shows the app in a tab of its own.
"use client";

import { useQuery } from "@tanstack/react-query";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { EmptyState } from "../../../components/empty-state.tsx";
import { FailureNote } from "../../../components/failure-note.tsx";
import { AppWindow } from "../../../components/icons/icons.tsx";
import { ListSkeleton } from "../../../components/list-skeleton.tsx";
import { useBerth } from "../../../providers.tsx";
import type { PanelTabProps } from "./panel-tabs.ts";

/** Nothing tells of a port; it is asked for while somebody looks. */
const LOOK_MS = 2_000;

export function PortsTab({ session, view }: PanelTabProps) {
  const berth = useBerth();
  const closed = session.archived_at !== null || view.status === "terminated";
  const ports = useQuery({
    queryKey: ["ports", session.id],
    queryFn: ({ signal }) => berth.portPreviews.ports(session.id, signal),
    refetchInterval: LOOK_MS,
    enabled: !closed,
  });
  if (closed)
    return (
      <EmptyState title="The sandbox is closed">
        This session is {session.archived_at === null ? "over" : "archived"}: nothing runs in it.
      </EmptyState>
    );
  if (ports.error && !ports.data) return <FailureNote error={ports.error} onRetry={() => void ports.refetch()} />;
  if (!ports.data) return <ListSkeleton label="Loading ports" />;
  const { data, sandbox } = ports.data;
  if (data.length === 0)
    return (
      <EmptyState title={sandbox === "running" ? "Nothing listens yet" : "The sandbox does not run"}>
        Ask the agent to start its app. The port on which it listens appears here.
      </EmptyState>
    );
  return (
    <div className="p-4">
      <ul aria-label="Ports" className="grid gap-2">
        {data.map(({ port, program }) => (
          <li key={port}>
            <a
              href={`/sessions/${session.id}/ports/${port}`}
              target="_blank"
              rel="noopener"
              className="flex min-h-11 items-center gap-2 rounded-md border border-line px-3 py-2 hover:bg-sunken"
            >
              <AppWindow aria-hidden className="size-4 shrink-0 text-muted" />
              <span className="font-mono font-medium">{port}</span>
              {program !== null && (
                <span className="min-w-0 flex-1 truncate text-muted">{visibleExactly(program)}</span>
              )}
              <span className="ml-auto whitespace-nowrap text-accent">
                Open <span className="sr-only">port {port} in a new tab</span>
              </span>
            </a>
          </li>
        ))}
      </ul>
      <p className="mt-3 text-muted">
        Opens in a new tab, apart from this page: the app sees nothing of Berth. The link works for you only while you
        are logged in.
      </p>
    </div>
  );
}
