// A new environment.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { Networking } from "../../../contract/environments.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { useFormDraft } from "../../components/use-form-draft.ts";
import { useBerth } from "../../providers.tsx";
import { useTeamNetworking } from "../../settings/networking/use-team-networking.ts";
import { type EnvironmentDraft, findProblems, newEnvironmentDraft, toNewInput } from "../environment-draft.ts";
import { EnvironmentForm } from "../environment-form.tsx";

export function NewEnvironmentRoom() {
  const networking = useTeamNetworking();
  return (
    <>
      <PageHeader title="New environment" />
      {networking.error && !networking.data && (
        <FailureNote error={networking.error} onRetry={() => void networking.refetch()} />
      )}
      {networking.isPending && <ListSkeleton label="Loading what it begins with" />}
      {networking.data && <NewEnvironmentForm begin={networking.data.effective.default} />}
    </>
  );
}

/** `begin`: the network of an environment that is made without a choice. */
function NewEnvironmentForm({ begin }: { begin: Networking }) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const state = useFormDraft(newEnvironmentDraft(begin), findProblems);
  const create = useMutation({
    mutationFn: (draft: EnvironmentDraft) => berth.environments.create(toNewInput(draft)),
    onSuccess: (environment) => {
      queries.setQueryData(["environment", environment.id], environment);
      void queries.invalidateQueries({ queryKey: ["environments"] });
      router.push(`/environments/${environment.id}`);
    },
  });
  return (
    <EnvironmentForm
      state={state}
      action="Create environment"
      // What was created leads away by itself.
      pending={create.isPending || create.isSuccess}
      error={create.error}
      onSave={(draft) => create.mutate(draft)}
    />
  );
}
