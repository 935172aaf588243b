// Environments of the team.
"use client";

import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useRef } from "react";
import type { Environment } from "../../contract/environments.ts";
import { CopyButton } from "../components/copy-button.tsx";
import { EmptyState } from "../components/empty-state.tsx";
import { FailureNote } from "../components/failure-note.tsx";
import { Archive, Plus } from "../components/icons/icons.tsx";
import { ListSkeleton } from "../components/list-skeleton.tsx";
import { Name } from "../components/name.tsx";
import { PageHeader } from "../components/page-header.tsx";
import { RelativeTime } from "../components/relative-time.tsx";
import { Button } from "../components/ui/button.tsx";
import { useRowKeys } from "../components/use-row-keys.ts";
import { DefaultMark } from "./default-mark.tsx";
import { networkingWords } from "./networking-draft.ts";
import { useEnvironments } from "./use-environments.ts";

export function EnvironmentsRoom() {
  const archived = useSearchParams().get("archived") === "1";
  const query = useEnvironments({ archived });
  const rows = useRef<HTMLUListElement>(null);
  useRowKeys(rows);
  return (
    <>
      <PageHeader title="Environments">
        <Button asChild look="quiet">
          <Link href={archived ? "/environments" : "/environments?archived=1"}>
            <Archive aria-hidden /> {archived ? "Hide archived" : "Show archived"}
          </Link>
        </Button>
        <Button asChild look="primary">
          <Link href="/environments/new">
            <Plus aria-hidden /> New environment
          </Link>
        </Button>
      </PageHeader>
      {query.error && <FailureNote error={query.error} onRetry={() => void query.refetch()} />}
      {query.isPending && <ListSkeleton label="Loading environments" />}
      {query.data?.length === 0 && (
        <EmptyState title="No environments">
          <p>An environment says where sessions run: which hosts they may reach, and what they find there.</p>
          <Button asChild look="primary">
            <Link href="/environments/new">Create the first one</Link>
          </Button>
        </EmptyState>
      )}
      <ul ref={rows}>
        {query.data?.map((environment) => (
          <EnvironmentRow key={environment.id} environment={environment} />
        ))}
      </ul>
    </>
  );
}

function EnvironmentRow({ environment }: { environment: Environment }) {
  return (
    <li className="relative flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2 hover:bg-sunken">
      <Link
        data-row
        href={`/environments/${environment.id}`}
        className="min-w-0 truncate font-medium before:absolute before:inset-0"
      >
        <Name text={environment.name} />
      </Link>
      {environment.is_default && <DefaultMark />}
      {environment.archived_at !== null && <span className="text-muted">archived</span>}
      <span className="text-muted">{networkingWords[environment.config.networking.type]}</span>
      {environment.description && (
        <span className="min-w-0 truncate text-muted max-md:basis-full">
          <Name text={environment.description} />
        </span>
      )}
      <span className="relative ml-auto flex items-center gap-1 font-mono text-xs text-muted">
        {environment.id} <CopyButton text={environment.id} label="Copy the environment's id" />
      </span>
      <span className="text-muted">
        <RelativeTime at={environment.created_at} />
      </span>
    </li>
  );
}
