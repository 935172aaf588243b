// An empty agent form.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { useBerth } from "../../providers.tsx";
import { type AgentDraft, newAgentDraft, toInput } from "../agent-draft.ts";
import { AgentForm } from "../agent-form.tsx";
import { useModels } from "../use-models.ts";

export function NewAgentRoom() {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const models = useModels();
  const create = useMutation({
    mutationFn: (draft: AgentDraft) => berth.agents.create(toInput(draft, null)),
    onSuccess: (agent) => {
      queries.setQueryData(["agent", agent.id], agent);
      void queries.invalidateQueries({ queryKey: ["agents"] });
      router.push(`/agents/${agent.id}`);
    },
  });
  return (
    <>
      <PageHeader title="New agent" />
      {models.isPending ? (
        <ListSkeleton label="Asking the gateway for its models" />
      ) : (
        <AgentForm
          initial={{ ...newAgentDraft, model: models.data?.data[0]?.id ?? "" }}
          action="Create agent"
          pending={create.isPending}
          error={create.error}
          onSave={(draft) => create.mutate(draft)}
        />
      )}
    </>
  );
}
