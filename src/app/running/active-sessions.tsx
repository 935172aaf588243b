// Sessions with work, those that began first: who holds each, since when, and how to free one that is stuck.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { STATE_WORDS } from "../../client/session-state.ts";
import type { ActiveSession } from "../../contract/overview.ts";
import { formatDuration } from "../../lib/format-duration.ts";
import { formatBytes } from "../components/format.ts";
import { Name } from "../components/name.tsx";
import { Button } from "../components/ui/button.tsx";
import { Dialog } from "../components/ui/dialog.tsx";
import { useNow } from "../components/use-now.ts";
import { useBerth } from "../providers.tsx";

const stateWords = { queued: "Queued", running: STATE_WORDS.running, retrying: STATE_WORDS.retrying };

export function ActiveSessions({ sessions }: { sessions: readonly ActiveSession[] }) {
  const now = useNow(1_000);
  const [ending, setEnding] = useState<ActiveSession | null>(null);
  return (
    <>
      <ul aria-label="Sessions with work" className="rounded-md border border-line">
        {sessions.map((session) => (
          <li
            key={session.id}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-3 py-2 last:border-0"
          >
            <Link
              href={`/sessions/${session.id}?tab=overview`}
              className="min-w-0 truncate font-medium hover:underline max-md:basis-full"
            >
              {session.title ? <Name text={session.title} /> : <span className="text-muted">Untitled</span>}
            </Link>
            <span className="text-muted">
              <Name text={session.agent.name} />
            </span>
            <span>
              {stateWords[session.state]} for{" "}
              <span className="tabular-nums">{formatDuration(elapsed(now, session.since))}</span>
            </span>
            <span className="text-muted">
              {session.worker_id ? (
                <>
                  held by <span className="font-mono text-xs">{session.worker_id}</span>
                </>
              ) : session.team_limit === null ? (
                "held by nobody"
              ) : (
                `waits: its team runs ${session.team_limit} at once (BERTH_TEAM_SESSIONS)`
              )}
            </span>
            {session.failed_claims > 0 && (
              <span className="text-danger">
                its worker failed {session.failed_claims === 1 ? "once" : `${session.failed_claims} times`}
              </span>
            )}
            <span className="ml-auto flex items-center gap-3">
              <span className="text-muted">{sandboxInWords(session)}</span>
              {session.sandbox?.state === "running" && (
                <Button size="small" onClick={() => setEnding(session)}>
                  End sandbox…
                </Button>
              )}
            </span>
          </li>
        ))}
      </ul>
      <EndSandboxDialog session={ending} onClose={() => setEnding(null)} />
    </>
  );
}

/** Whole seconds: what is finer only flickers. */
function elapsed(now: number, since: string): number {
  return Math.max(0, Math.floor((now - Date.parse(since)) / 1_000) * 1_000);
}

function sandboxInWords({ sandbox }: ActiveSession): string {
  if (!sandbox) return "no sandbox yet";
  const memory = sandbox.memory_bytes === null ? "" : `, ${formatBytes(sandbox.memory_bytes)}`;
  return `sandbox ${sandbox.state}${memory}`;
}

function EndSandboxDialog({ session, onClose }: { session: ActiveSession | null; onClose: () => void }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const end = useMutation({
    mutationFn: (id: string) => berth.files.endSandbox(id),
    onSuccess() {
      void queries.invalidateQueries({ queryKey: ["overview"] });
      onClose();
    },
  });
  return (
    <Dialog open={session !== null} onClose={onClose} title="End this sandbox?">
      <div className="grid gap-3">
        <p>
          Its processes end; its files stay. A tool that runs now is answered with “may have run”, the agent decides
          what to do, and its next call wakes the sandbox.
        </p>
        {end.error && (
          <p role="alert" className="text-danger">
            {end.error.message}
          </p>
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" disabled={end.isPending} onClick={() => session && end.mutate(session.id)}>
            End sandbox
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
