// The repositories that a new session's sandbox begins with.
"use client";

import { GitBranch, Plus, X } from "../../components/icons/icons.tsx";
import { Button } from "../../components/ui/button.tsx";
import { newRepositoryDraft, type RepositoryDraft, type RepositoryProblems } from "../repository-draft.ts";
import { RepositoryFields } from "../repository-fields.tsx";

type RepositoriesFieldProps = {
  drafts: readonly RepositoryDraft[];
  problems: ReadonlyMap<number, RepositoryProblems>;
  onChange: (drafts: RepositoryDraft[]) => void;
};

export function RepositoriesField({ drafts, problems, onChange }: RepositoriesFieldProps) {
  return (
    <fieldset className="grid min-w-0 content-start gap-2">
      <legend className="mb-1 font-medium">Repositories</legend>
      {drafts.map((draft, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: one has no name while its address is typed
        <fieldset key={index} className="grid min-w-0 gap-3 rounded-md border border-line p-3">
          <legend className="sr-only">Repository {index + 1}</legend>
          <div className="-mb-2 flex items-center gap-2 text-muted">
            <GitBranch aria-hidden className="size-4 shrink-0" />
            <span className="flex-1">Repository {index + 1}</span>
            <Button
              look="quiet"
              size="icon"
              aria-label={`Remove repository ${index + 1}`}
              onClick={() => onChange(drafts.filter((_, at) => at !== index))}
            >
              <X aria-hidden />
            </Button>
          </div>
          <RepositoryFields
            draft={draft}
            problems={problems.get(index)}
            onChange={(changes) => onChange(drafts.map((each, at) => (at === index ? { ...each, ...changes } : each)))}
          />
        </fieldset>
      ))}
      <p className="text-muted">Each is cloned into the sandbox before the first tool runs.</p>
      <Button size="small" className="justify-self-start" onClick={() => onChange([...drafts, newRepositoryDraft])}>
        <Plus aria-hidden /> Add a repository
      </Button>
    </fieldset>
  );
}
