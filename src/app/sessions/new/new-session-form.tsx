// Chooses an agent and says the first words.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useEffect, useMemo, useRef, useState } from "react";
import { ApiError } from "../../../client/api-error.ts";
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
import {
  findRepositoryProblems,
  type RepositoryDraft,
  type RepositoryProblems,
  refusalsIn,
  toRepositoryInput,
} from "../repository-draft.ts";
import { OutOfReachNote } from "./out-of-reach-note.tsx";
import { RepositoriesField } from "./repositories-field.tsx";
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
  const [repositories, setRepositories] = useState<readonly RepositoryDraft[]>([]);
  const [refusals, setRefusals] = useState(0);
  const form = useRef<HTMLFormElement>(null);
  const [chosenId, setChosenId] = useState(agentId);
  const [message, setMessage] = useState("");
  const environment = environments.data?.find(({ id, is_default }) =>
    environmentId === "" ? is_default : id === environmentId,
  );
  const selectedId = chosenId ?? agents.data?.[0]?.id ?? "";
  const selected = agents.data?.find((agent) => agent.id === selectedId);
  const suggestion = (selected && firstMessageOf(selected)) ?? SUGGESTION;
  const start = useMutation({
    mutationFn: () =>
      berth.sessions.create({
        agent: selectedId,
        ...(environmentId === "" ? {} : { environment_id: environmentId }),
        ...(vaultIds.length === 0 ? {} : { vault_ids: [...vaultIds] }),
        ...(repositories.length === 0 ? {} : { resources: repositories.map(toRepositoryInput) }),
        ...(message.trim() === ""
          ? {}
          : {
              title: toTitle(message),
              initial_events: [{ type: "user.message", content: [{ type: "text", text: message }] }],
            }),
      }),
    // No token outlives the form in a cache.
    gcTime: 0,
    onSuccess: (session) => {
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      router.push(`/sessions/${session.id}`);
    },
  });
  const refused = useMemo(
    () => (start.error instanceof ApiError ? refusalsIn(start.error.message) : null),
    [start.error],
  );
  const problems = refused ?? (refusals > 0 ? problemsOf(repositories) : new Map());
  useEffect(() => {
    if (refusals > 0) focusInvalid(form.current);
  }, [refusals]);
  useEffect(() => {
    if (refused) focusInvalid(form.current);
  }, [refused]);
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
          ref={form}
          noValidate
          autoComplete="off"
          className="grid max-w-2xl gap-4 p-4"
          onSubmit={(event) => {
            event.preventDefault();
            if (problemsOf(repositories).size > 0) setRefusals((count) => count + 1);
            else start.mutate();
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
          {environment && <OutOfReachNote vaultIds={vaultIds} environment={environment} />}
          <RepositoriesField
            drafts={repositories}
            problems={problems}
            onChange={(drafts) => {
              setRepositories(drafts);
              // What the server refused is being mended.
              if (refused) start.reset();
            }}
          />
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
          {start.error && !refused && <FailureNote error={start.error} />}
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

function focusInvalid(form: HTMLFormElement | null): void {
  form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
}

function problemsOf(drafts: readonly RepositoryDraft[]): ReadonlyMap<number, RepositoryProblems> {
  return new Map(
    drafts.flatMap((draft, index) => {
      const found = findRepositoryProblems(draft);
      return found ? [[index, found] as const] : [];
    }),
  );
}

const MAX_TITLE_LENGTH = 80;

/** The first line of the first message says well enough what a session is about; it can be renamed. */
function toTitle(message: string): string {
  const line = message.trim().split("\n")[0] ?? "";
  return line.length > MAX_TITLE_LENGTH ? `${line.slice(0, MAX_TITLE_LENGTH - 1)}…` : line;
}
