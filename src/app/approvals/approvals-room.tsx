// Everything that waits for a person, longest first, to be decided here or in its session.
"use client";

import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { useWaitingSessions } from "../components/use-waiting-sessions.ts";
import { NotificationSwitch } from "./notification-switch.tsx";
import { WaitingSession } from "./waiting-session.tsx";

export function ApprovalsRoom() {
  const { data, error, isPending, refetch } = useWaitingSessions();
  return (
    <>
      <PageHeader title="Approvals">
        <NotificationSwitch />
      </PageHeader>
      {error && <FailureNote error={error} onRetry={() => void refetch()} />}
      {isPending && <ListSkeleton label="Loading what waits" />}
      {data?.sessions.length === 0 && (
        <EmptyState title="Nothing waits for you">
          <p>When an agent asks before it uses a tool, the call appears here, whichever session it is from.</p>
        </EmptyState>
      )}
      <div className="grid max-w-3xl grid-cols-[minmax(0,1fr)] gap-6 p-4">
        {data?.sessions.map((session, index) => (
          <WaitingSession key={session.id} session={session} first={index === 0} />
        ))}
        {data?.more && (
          <p className="text-[13px] text-muted">
            Only the newest sessions were looked at. Older ones show in the list of sessions what they wait for.
          </p>
        )}
      </div>
    </>
  );
}
