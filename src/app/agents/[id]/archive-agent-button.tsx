// Archives an agent after a question.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { FailureNote } from "../../components/failure-note.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { useBerth } from "../../providers.tsx";

export function ArchiveAgentButton({ agentId }: { agentId: string }) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const [asked, setAsked] = useState(false);
  const archive = useMutation({
    mutationFn: () => berth.agents.archive(agentId),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["agents"] });
      router.push("/agents");
    },
  });
  return (
    <>
      <Button look="quiet" onClick={() => setAsked(true)}>
        Archive…
      </Button>
      <Dialog open={asked} onClose={() => setAsked(false)} title="Archive this agent?">
        <div className="grid gap-4">
          <p className="text-muted">
            No new sessions can be started with it; those that run go on. This cannot be undone.
          </p>
          {archive.error && <FailureNote error={archive.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={() => setAsked(false)}>Keep it</Button>
            <Button look="danger" disabled={archive.isPending} onClick={() => archive.mutate()}>
              Archive
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
