// How a version differs from the current one, and the button that brings it back.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { Agent } from "../../../../contract/agents.ts";
import { DiffView } from "../../../components/diff-view.tsx";
import { FailureNote } from "../../../components/failure-note.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useBerth } from "../../../providers.tsx";
import { definitionText, toRestore } from "./definition-text.ts";

export function VersionComparison({ earlier, current }: { earlier: Agent; current: Agent }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const restore = useMutation({
    mutationFn: () => berth.agents.update(current.id, toRestore(earlier, current)),
    onSuccess: (saved) => {
      queries.setQueryData(["agent", current.id], saved);
      void queries.invalidateQueries({ queryKey: ["agents"] });
      void queries.invalidateQueries({ queryKey: ["agent-versions", current.id] });
    },
  });
  if (earlier.version === current.version)
    return <p className="text-muted">Version {current.version} is the current one. Choose another to compare it.</p>;
  return (
    <section aria-label="Comparison" className="grid min-w-0 gap-3">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h2 className="font-semibold">
          From version {earlier.version} to the current version {current.version}
        </h2>
        {current.archived_at === null && (
          <Button disabled={restore.isPending} onClick={() => restore.mutate()}>
            {restore.isPending ? "Saving…" : `Use version ${earlier.version}`}
          </Button>
        )}
      </div>
      {restore.error && <FailureNote error={restore.error} />}
      <DiffView before={definitionText(earlier)} after={definitionText(current)} />
      <p className="text-muted">
        To use an earlier version makes a new one with its content. Sessions keep the version that they were started
        with.
      </p>
    </section>
  );
}
