// What goes with a session, read when somebody is about to delete it.
"use client";

import { useQuery } from "@tanstack/react-query";
import type { Session } from "../../../contract/sessions.ts";
import { useBerth } from "../../providers.tsx";
import { whatIsDeleted } from "./what-is-deleted.ts";

/** More are hardly ever kept of one session. */
const COUNTED = 1000;

export function DeletionList({ session }: { session: Session }) {
  const berth = useBerth();
  const holdings = useQuery({
    queryKey: ["session", session.id, "holdings"],
    queryFn: async ({ signal }) => {
      const [sandbox, snapshots] = await Promise.all([
        berth.files.sandbox(session.id, signal),
        berth.sessions.snapshots(session.id, { limit: COUNTED }, signal),
      ]);
      return { sandbox: sandbox.state, snapshots: { data: snapshots.data, more: snapshots.next_page !== null } };
    },
    // What it holds now, not what it held when somebody asked before.
    gcTime: 0,
    staleTime: 0,
  });
  if (holdings.isError)
    return (
      <p className="text-muted">
        Its conversation, its files and their snapshots; what runs in its sandbox ends. How much that is could not be
        read: {holdings.error.message}
      </p>
    );
  if (!holdings.data) return <p className="text-muted">Looking at what it holds…</p>;
  return (
    <ul aria-label="What is deleted" className="grid list-disc gap-1 pl-5 text-muted">
      {whatIsDeleted({ status: session.status, ...holdings.data }).map((one) => (
        <li key={one}>{one}</li>
      ))}
    </ul>
  );
}
