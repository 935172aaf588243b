// Snippets that talk to this agent, with its real id and this server's address; a key is made and filled in on request.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import type { Agent } from "../../../../contract/agents.ts";
import { firstMessageOf } from "../../../../contract/first-message.ts";
import { CodeBlock } from "../../../components/code-block.tsx";
import { EmptyState } from "../../../components/empty-state.tsx";
import { FailureNote } from "../../../components/failure-note.tsx";
import { ListSkeleton } from "../../../components/list-skeleton.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useEnvironments } from "../../../environments/use-environments.ts";
import { useBerth } from "../../../providers.tsx";
import { AgentFrame } from "../agent-frame.tsx";
import { createSnippets } from "./snippets.ts";

export function CodeRoom({ agentId }: { agentId: string }) {
  return <AgentFrame agentId={agentId}>{(agent) => <Snippets agent={agent} />}</AgentFrame>;
}

function Snippets({ agent }: { agent: Agent }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [chosen, setChosen] = useState("typescript");
  const environments = useEnvironments();
  const key = useMutation({
    mutationFn: () => berth.apiKeys.create({ name: `code for ${agent.name}`.slice(0, 100).trim() }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["api-keys"] }),
    // The value must not outlive the page in a cache.
    gcTime: 0,
  });
  if (environments.error) return <FailureNote error={environments.error} onRetry={() => void environments.refetch()} />;
  if (environments.isPending) return <ListSkeleton label="Loading environments" />;
  const environment = environments.data.find(({ is_default }) => is_default) ?? environments.data[0];
  if (!environment)
    return (
      <EmptyState title="There is no environment yet">
        <p>Sessions run in one.</p>
        <Button asChild look="primary">
          <Link href="/environments/new">Create an environment</Link>
        </Button>
      </EmptyState>
    );
  const snippets = createSnippets({
    baseUrl: window.location.origin,
    agentId: agent.id,
    environmentId: environment.id,
    message: firstMessageOf(agent) ?? "Look around in your sandbox and tell me what you find.",
    apiKey: key.data?.value ?? null,
  });
  const shown = snippets.find(({ id }) => id === chosen) ?? snippets[0];
  return (
    <div className="grid max-w-4xl grid-cols-[minmax(0,1fr)] gap-4 p-4">
      <fieldset className="flex gap-1">
        <legend className="sr-only">Language</legend>
        {snippets.map(({ id, label }) => (
          <Button
            key={id}
            look={id === shown?.id ? "primary" : "plain"}
            aria-pressed={id === shown?.id}
            onClick={() => setChosen(id)}
          >
            {label}
          </Button>
        ))}
      </fieldset>
      {shown && (
        <section aria-label={`${shown.label} example`} className="grid grid-cols-[minmax(0,1fr)] gap-2">
          {shown.setup !== "" && <CodeBlock>{shown.setup}</CodeBlock>}
          <CodeBlock>{shown.code}</CodeBlock>
        </section>
      )}
      {key.data?.value ? (
        <p role="status">
          The key is filled in, this once. It can be revoked under{" "}
          <Link href="/settings/keys" className="text-accent underline">
            API keys
          </Link>
          .
        </p>
      ) : (
        <div className="flex flex-wrap items-center gap-3">
          <Button onClick={() => key.mutate()} disabled={key.isPending}>
            Make a key and fill it in
          </Button>
          <p className="min-w-0 flex-1 basis-60 text-muted">
            Otherwise set <code className="font-mono">BERTH_API_KEY</code>: the server's own key is in the file{" "}
            <code className="font-mono">api-key</code> of its data directory, usually{" "}
            <code className="font-mono">~/.local/share/berth</code>.
          </p>
        </div>
      )}
      {key.error && <FailureNote error={key.error} />}
    </div>
  );
}
