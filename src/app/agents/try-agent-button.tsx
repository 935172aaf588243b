// One click: a session with the agent, and the message it suggests is sent.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import type { Agent } from "../../contract/agents.ts";
import { FailureNote } from "../components/failure-note.tsx";
import { Play } from "../components/icons/icons.tsx";
import { Button } from "../components/ui/button.tsx";
import { useBerth } from "../providers.tsx";

type TryAgentButtonProps = { agent: Agent; message: string; look?: "primary" | "plain" };

export function TryAgentButton({ agent, message, look = "plain" }: TryAgentButtonProps) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const start = useMutation({
    mutationFn: () =>
      berth.sessions.create({
        agent: agent.id,
        title: `Trying ${agent.name}`,
        initial_events: [{ type: "user.message", content: [{ type: "text", text: message }] }],
      }),
    onSuccess: (session) => {
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      router.push(`/sessions/${session.id}`);
    },
  });
  return (
    <>
      <Button look={look} disabled={start.isPending || start.isSuccess} onClick={() => start.mutate()}>
        <Play aria-hidden /> {start.isPending || start.isSuccess ? "Starting…" : "Try it"}
      </Button>
      {start.error && <FailureNote error={start.error} />}
    </>
  );
}
