// Environments of the team.
"use client";

import { useQuery } from "@tanstack/react-query";
import { visibleExactly } from "../../lib/visible-text.ts";
import { CopyButton } from "../components/copy-button.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { Name } from "../components/name.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { RelativeTime } from "../components/relative-time.tsx";
import { useBerth } from "../providers.tsx";

export function EnvironmentsRoom() {
  const berth = useBerth();
  const query = useQuery({
    queryKey: ["environments"],
    queryFn: ({ signal }) => berth.environments.list({ limit: 100 }, signal),
  });
  const environments = query.data?.data ?? [];
  return (
    <>
      <PageHeader title="Environments" />
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ListSkeleton label="Loading environments" />}
      {query.isSuccess && environments.length === 0 && (
        <EmptyState title="No environments">
          <p>An environment says where sessions run. Create one with POST /v1/environments.</p>
        </EmptyState>
      )}
      <ul>
        {environments.map((environment) => (
          <li
            key={environment.id}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2"
          >
            <span className="font-medium">
              <Name text={environment.name} />
            </span>
            <span className="text-muted">{networkingInWords(environment.config.networking.type)}</span>
            {environment.description && (
              <span className="basis-full text-muted md:basis-auto">{visibleExactly(environment.description)}</span>
            )}
            <span className="ml-auto flex items-center gap-1 font-mono text-xs text-muted">
              {environment.id} <CopyButton text={environment.id} label="Copy the environment's id" />
            </span>
            <span className="text-muted">
              <RelativeTime at={environment.created_at} />
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function networkingInWords(type: "unrestricted" | "limited"): string {
  return type === "limited" ? "limited network" : "unrestricted network";
}
