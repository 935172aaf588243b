// A live session beside the editor: say something to the saved version and watch what it does.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { Suspense, useState } from "react";
import type { Agent } from "../../../contract/agents.ts";
import { firstMessageOf } from "../../../contract/first-message.ts";
import { FailureNote } from "../../components/failure-note.tsx";
import { Play, X } from "../../components/icons/icons.tsx";
import { lazyPart } from "../../components/lazy-part.tsx";
import { PartSkeleton } from "../../components/part-skeleton.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Field } from "../../components/ui/field.tsx";
import { Textarea } from "../../components/ui/input.tsx";
import { useBerth } from "../../providers.tsx";
import { AGENT_FORM_ID } from "../agent-form.tsx";

/** The heaviest room: loaded when a session is started. */
const { Part: SessionRoom } = lazyPart(async () => (await import("../../sessions/[id]/session-room.tsx")).SessionRoom);

export function TryPanel({ agent, dirty }: { agent: Agent; dirty: boolean }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const [message, setMessage] = useState(firstMessageOf(agent) ?? "");
  const start = useMutation({
    mutationFn: () =>
      berth.sessions.create({
        agent: { type: "agent", id: agent.id, version: agent.version },
        title: `Trying version ${agent.version} of ${agent.name}`,
        initial_events: [{ type: "user.message", content: [{ type: "text", text: message }] }],
      }),
    onSuccess: () => void queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  if (start.data) {
    return (
      <div className="flex h-full flex-col">
        <div className="flex items-center justify-between gap-2 border-b border-line bg-sunken px-3 py-1">
          <span className="min-w-0">
            Version {start.data.agent.version}
            {start.data.agent.version !== agent.version && `; version ${agent.version} is saved`} ·{" "}
            <Link href={`/sessions/${start.data.id}`} className="text-accent underline">
              Open this session in full
            </Link>
          </span>
          <Button size="small" look="quiet" onClick={() => start.reset()}>
            <X aria-hidden /> Try again
          </Button>
        </div>
        {dirty && <UnsavedNote version={start.data.agent.version} />}
        <div className="min-h-0 flex-1">
          <Suspense fallback={<PartSkeleton label="Loading the session" />}>
            <SessionRoom key={start.data.id} sessionId={start.data.id} />
          </Suspense>
        </div>
      </div>
    );
  }
  return (
    <form
      className="grid gap-3 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate();
      }}
    >
      <h2 className="font-semibold">Try version {agent.version}</h2>
      {dirty && <UnsavedNote version={agent.version} />}
      <Field label="Say to it" hint="Starts a session here, with the agent as it is saved.">
        {(control) => (
          <Textarea
            {...control}
            className="min-h-24"
            value={message}
            onChange={(event) => setMessage(event.target.value)}
          />
        )}
      </Field>
      {start.error && <FailureNote error={start.error} />}
      <Button
        type="submit"
        className="justify-self-start"
        disabled={message.trim() === "" || start.isPending || start.isSuccess}
      >
        <Play aria-hidden /> {start.isPending ? "Starting…" : "Start"}
      </Button>
    </form>
  );
}

/** What is tried is never what was only typed. */
function UnsavedNote({ version }: { version: number }) {
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-2 border-y border-line bg-waiting-soft px-3 py-1.5 text-[13px]"
    >
      <span className="min-w-0 flex-1 basis-40">Your edits are not saved: version {version} does not have them.</span>
      <Button type="submit" form={AGENT_FORM_ID} size="small">
        Save as new version
      </Button>
    </div>
  );
}
