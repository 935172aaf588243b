// Gives a session that rests one more repository.
"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ApiError } from "../../../../client/api-error.ts";
import { FailureNote } from "../../../components/failure-note.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { useFormDraft } from "../../../components/use-form-draft.ts";
import { useBerth } from "../../../providers.tsx";
import { findRepositoryProblems, newRepositoryDraft, refusalsIn, toRepositoryInput } from "../../repository-draft.ts";
import { RepositoryFields } from "../../repository-fields.tsx";

export function AddRepositoryForm({ sessionId, onClose }: { sessionId: string; onClose: () => void }) {
  const berth = useBerth();
  const queries = useQueryClient();
  const { draft, problems, change, check } = useFormDraft(newRepositoryDraft, findRepositoryProblems);
  const add = useMutation({
    mutationFn: () => berth.sessions.resources.add(sessionId, toRepositoryInput(draft)),
    // No token outlives the form in a cache.
    gcTime: 0,
    onSuccess: () => {
      onClose();
      void queries.invalidateQueries({ queryKey: ["session", sessionId] });
    },
  });
  const refused = add.error instanceof ApiError ? refusalsIn(add.error.message) : null;
  return (
    <form
      noValidate
      autoComplete="off"
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (check()) add.mutate();
      }}
    >
      <p className="text-muted">It is cloned before the next tool runs.</p>
      <RepositoryFields
        draft={draft}
        problems={refused?.get(0) ?? problems ?? undefined}
        onChange={(changes) => {
          change(changes);
          if (add.error) add.reset();
        }}
      />
      {add.error && !refused && <FailureNote error={add.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" disabled={add.isPending}>
          Add
        </Button>
      </div>
    </form>
  );
}
