// The question before an agent is archived.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { FailureNote } from "../../components/failure-note.tsx";
import { Button } from "../../components/ui/button.tsx";
import { Dialog } from "../../components/ui/dialog.tsx";
import { useBerth } from "../../providers.tsx";

type ArchiveAgentDialogProps = { agentId: string; open: boolean; onClose: () => void };

export function ArchiveAgentDialog({ agentId, open, onClose }: ArchiveAgentDialogProps) {
  const berth = useBerth();
  const router = useRouter();
  const queries = useQueryClient();
  const archive = useMutation({
    mutationFn: () => berth.agents.archive(agentId),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["agents"] });
      router.push("/agents");
    },
  });
  return (
    <Dialog open={open} onClose={onClose} title="Archive this agent?">
      <div className="grid gap-4">
        <p className="text-muted">
          No new sessions can be started with it; those that run go on. This cannot be undone.
        </p>
        {archive.error && <FailureNote error={archive.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep it</Button>
          <Button look="danger" disabled={archive.isPending} onClick={() => archive.mutate()}>
            Archive
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
