// One environment: what it is, changed here.
"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import type { Environment } from "../../../contract/environments.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { Globe } from "../../components/icons/icons.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { Name } from "../../components/name.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { StaleNote } from "../../components/stale-note.tsx";
import { Button } from "../../components/ui/button.tsx";
import { useLiveForm } from "../../components/use-live-form.ts";
import { useMissing } from "../../components/use-missing.ts";
import { networkPath } from "../../network/network-filter.ts";
import { useBerth } from "../../providers.tsx";
import { DefaultMark } from "../default-mark.tsx";
import { type EnvironmentDraft, findProblems, toDraft, toUpdate } from "../environment-draft.ts";
import { EnvironmentForm } from "../environment-form.tsx";
import { EnvironmentMenu } from "./environment-menu.tsx";

export function EnvironmentRoom({ environmentId }: { environmentId: string }) {
  const berth = useBerth();
  const query = useQuery({
    queryKey: ["environment", environmentId],
    queryFn: ({ signal }) => berth.environments.get(environmentId, signal),
  });
  const missing = useMissing(query);
  if (missing) {
    return (
      <EmptyState alone title="There is no such environment">
        <Link href="/environments" className="text-accent underline">
          Back to all environments
        </Link>
      </EmptyState>
    );
  }
  if (query.error && !query.data) return <FailureNote error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return <ListSkeleton label="Loading the environment" />;
  const environment = query.data;
  return (
    <>
      <PageHeader
        title={
          <span className="flex flex-wrap items-center gap-2">
            <Name text={environment.name} />
            {environment.is_default && <DefaultMark />}
            {environment.archived_at !== null && <span className="font-normal text-muted">archived</span>}
          </span>
        }
      >
        <Button asChild look="quiet">
          <Link href={networkPath({ environmentId: environment.id })}>
            <Globe aria-hidden /> Requests
          </Link>
        </Button>
        <EnvironmentMenu environment={environment} />
      </PageHeader>
      {environment.is_default && (
        <p className="px-4 pt-4 text-muted">
          Sessions that name no environment are made in this one. It can be neither archived nor deleted.
        </p>
      )}
      <EnvironmentEditor environment={environment} />
    </>
  );
}

function EnvironmentEditor({ environment }: { environment: Environment }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const { form, base, stale, begin } = useLiveForm(environment, {
    stamp: ({ updated_at }) => updated_at,
    toDraft,
    findProblems,
  });
  const save = useMutation({
    mutationFn: (draft: EnvironmentDraft) => berth.environments.update(environment.id, toUpdate(draft, base)),
    onSuccess: (saved, draft) => {
      queries.setQueryData(["environment", environment.id], saved);
      begin(saved, draft);
      void queries.invalidateQueries({ queryKey: ["environments"] });
    },
  });
  return (
    <EnvironmentForm
      state={form}
      action={environment.archived_at === null ? "Save" : null}
      pending={save.isPending}
      error={save.error}
      question={
        stale &&
        form.dirty && (
          <StaleNote
            overwrite="Save mine"
            onReload={() => begin(environment)}
            onOverwrite={() => save.mutate(form.draft)}
          >
            Somebody changed this environment while you were editing.
          </StaleNote>
        )
      }
      saved={save.isSuccess}
      onSave={(draft) => save.mutate(draft)}
    />
  );
}
