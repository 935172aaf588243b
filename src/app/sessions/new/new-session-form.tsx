// Chooses an agent and says the first words.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { firstMessageOf } from "../../../contract/first-message.ts";
import { isolatedName, visibleExactly } from "../../../lib/visible-text.ts";
import { useAgents } from "../../agents/use-agents.ts";
import { EmptyState } from "../../components/empty-state.tsx";
import { FailureNote } from "../../components/failure-note.tsx";
import { ListSkeleton } from "../../components/list-skeleton.tsx";
import { PageHeader } from "../../components/page-header.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Field } from "../../components/ui/field.tsx";
import { Select, Textarea } from "../../components/ui/input.tsx";
import { useEnvironments } from "../../environments/use-environments.ts";
import { useBerth } from "../../providers.tsx";
import { VaultsField } from "./vaults-field.tsx";

const SUGGESTION = "Look around in your sandbox and tell me what you find.";

export function NewSessionForm({ agentId }: { agentId: string | null }) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const agents = useAgents();
  const environments = useEnvironments();
  const [environmentId, setEnvironmentId] = useState("");
  const [vaultIds, setVaultIds] = useState<readonly string[]>([]);
  const [chosenId, setChosenId] = useState(agentId);
  const [message, setMessage] = useState("");
  const selectedId = chosenId ?? agents.data?.[0]?.id ?? "";
  const selected = agents.data?.find((agent) => agent.id === selectedId);
  const suggestion = (selected && firstMessageOf(selected)) ?? SUGGESTION;
  const start = useMutation({
    mutationFn: () =>
      berth.sessions.create({
        agent: selectedId,
        ...(environmentId === "" ? {} : { environment_id: environmentId }),
        ...(vaultIds.length === 0 ? {} : { vault_ids: [...vaultIds] }),
        ...(message.trim() === ""
          ? {}
          : {
              title: toTitle(message),
              initial_events: [{ type: "user.message", content: [{ type: "text", text: message }] }],
            }),
      }),
    onSuccess: (session) => {
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      router.push(`/sessions/${session.id}`);
    },
  });
  return (
    <>
      <PageHeader title="New session" />
      {agents.isPending && <ListSkeleton label="Loading agents" />}
      {agents.error && <FailureNote error={agents.error} onRetry={() => void agents.refetch()} />}
      {agents.data?.length === 0 && (
        <EmptyState title="There is no agent yet">
          <p>An agent is a model, a system prompt and tools. Create one, then talk to it.</p>
          <Button asChild look="primary">
            <Link href="/agents/new">Create an agent</Link>
          </Button>
        </EmptyState>
      )}
      {agents.data && agents.data.length > 0 && (
        <form
          className="grid max-w-2xl gap-4 p-4"
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate();
          }}
        >
          <Field label="Agent">
            {(control) => (
              <Select {...control} value={selectedId} onChange={(event) => setChosenId(event.target.value)}>
                {agents.data.map((agent) => (
                  <option key={agent.id} value={agent.id}>
                    {isolatedName(agent.name)} · {visibleExactly(agent.model.id)}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          {environments.data && environments.data.length > 1 && (
            <Field label="Environment">
              {(control) => (
                <Select {...control} value={environmentId} onChange={(event) => setEnvironmentId(event.target.value)}>
                  <option value="">the default</option>
                  {environments.data.map(({ id, name }) => (
                    <option key={id} value={id}>
                      {isolatedName(name)}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          )}
          <VaultsField chosen={vaultIds} onChange={setVaultIds} />
          <Field label="First message" hint="Optional. You can also write it in the session.">
            {(control) => (
              <Textarea
                {...control}
                className="min-h-24"
                value={message}
                placeholder={suggestion}
                onChange={(event) => setMessage(event.target.value)}
              />
            )}
          </Field>
          {start.error && <FailureNote error={start.error} />}
          <div className="flex flex-wrap gap-2">
            <Button type="submit" look="primary" disabled={start.isPending || selectedId === ""}>
              {start.isPending ? "Starting…" : "Start session"}
            </Button>
            {message === "" && (
              <Button look="quiet" onClick={() => setMessage(suggestion)}>
                Use the suggestion
              </Button>
            )}
          </div>
        </form>
      )}
    </>
  );
}

const MAX_TITLE_LENGTH = 80;

/** The first line of the first message says well enough what a session is about; it can be renamed. */
function toTitle(message: string): string {
  const line = message.trim().split("\n")[0] ?? "";
  return line.length > MAX_TITLE_LENGTH ? `${line.slice(0, MAX_TITLE_LENGTH - 1)}…` : line;
}
