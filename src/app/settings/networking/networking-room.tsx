// The team's networking: what a new environment begins with, and what none may exceed.
"use client";

import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { NetworkingForm } from "./networking-form.tsx";
import { useTeamNetworking } from "./use-team-networking.ts";

export function NetworkingRoom() {
  const networking = useTeamNetworking();
  return (
    <>
      <PageHeader title="Networking of the team" />
      {networking.error && !networking.data && (
        <FailureNote error={networking.error} onRetry={() => void networking.refetch()} />
      )}
      {networking.isPending && <ListSkeleton label="Loading the team's networking" />}
      {networking.data && <NetworkingForm saved={networking.data} />}
    </>
  );
}
