// A new environment.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { PageHeader } from "../../components/page-header.tsx";
import { useFormDraft } from "../../components/use-form-draft.ts";
import { useBerth } from "../../providers.tsx";
import { type EnvironmentDraft, findProblems, newEnvironmentDraft, toNewInput } from "../environment-draft.ts";
import { EnvironmentForm } from "../environment-form.tsx";

export function NewEnvironmentRoom() {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const state = useFormDraft(newEnvironmentDraft, findProblems);
  const create = useMutation({
    mutationFn: (draft: EnvironmentDraft) => berth.environments.create(toNewInput(draft)),
    onSuccess: (environment) => {
      queries.setQueryData(["environment", environment.id], environment);
      void queries.invalidateQueries({ queryKey: ["environments"] });
      router.push(`/environments/${environment.id}`);
    },
  });
  return (
    <>
      <PageHeader title="New environment" />
      <EnvironmentForm
        state={state}
        action="Create environment"
        // What was created leads away by itself.
        pending={create.isPending || create.isSuccess}
        error={create.error}
        onSave={(draft) => create.mutate(draft)}
      />
    </>
  );
}
