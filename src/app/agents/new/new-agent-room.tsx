// A new agent: the form, filled in from a template or another agent when one was chosen.
"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { CreateAgentInput } from "../../../contract/agents.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { useBerth } from "../../providers.tsx";
import { type AgentDraft, newAgentDraft, toDraft, toNewInput } from "../agent-draft.ts";
import { agentTemplates, draftFromTemplate } from "../templates/agent-templates.ts";
import { useModels } from "../use-models.ts";
import { ImportAgentButton } from "./import-agent-button.tsx";
import { NewAgentForm } from "./new-agent-form.tsx";
import { TemplateList } from "./template-list.tsx";

type NewAgentRoomProps = { templateId: string | null; sourceId: string | null };

export function NewAgentRoom({ templateId, sourceId }: NewAgentRoomProps) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const models = useModels();
  const source = useQuery({
    queryKey: ["agent", sourceId],
    queryFn: ({ signal }) => berth.agents.get(sourceId ?? "", signal),
    enabled: sourceId !== null,
    // What is typed must not change under the hands.
    staleTime: Number.POSITIVE_INFINITY,
  });
  const create = useMutation({
    mutationFn: (input: CreateAgentInput) => berth.agents.create(input),
    onSuccess: (agent) => {
      queries.setQueryData(["agent", agent.id], agent);
      void queries.invalidateQueries({ queryKey: ["agents"] });
      router.push(`/agents/${agent.id}`);
    },
  });
  const template = agentTemplates.find(({ id }) => id === templateId);
  const firstModel = models.data?.data[0]?.id ?? "";
  const initial = (): AgentDraft => {
    if (source.data) return { ...toDraft(source.data), name: `${source.data.name} (copy)`.slice(0, 256) };
    return { ...(template ? draftFromTemplate(template) : newAgentDraft), model: firstModel };
  };
  const loading = models.isPending || (sourceId !== null && source.isPending);
  return (
    <>
      <PageHeader title={source.data ? "Copy of an agent" : "New agent"}>
        <ImportAgentButton onImport={(input) => create.mutate(input)} />
      </PageHeader>
      {sourceId === null && <TemplateList chosenId={template?.id ?? null} />}
      {source.error && <FailureNote error={source.error} onRetry={() => void source.refetch()} />}
      {loading ? (
        <ListSkeleton label="Asking the gateway for its models" />
      ) : (
        <NewAgentForm
          start={initial()}
          // What was created leads away by itself.
          pending={create.isPending || create.isSuccess}
          error={create.error}
          onSave={(draft) => create.mutate(toNewInput(draft, source.data ?? null))}
        />
      )}
    </>
  );
}
