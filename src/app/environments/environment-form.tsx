// Form for everything that makes an environment.
"use client";

import { type ReactNode, useEffect, useRef } from "react";
import { FailureNote } from "../components/failure-note.tsx";
import { MetadataField } from "../components/metadata-field.tsx";
import { Button } from "../components/ui/button.tsx";
import { Field } from "../components/ui/field.tsx";
import { Input } from "../components/ui/input.tsx";
import { UnsavedEdits } from "../components/unsaved-edits.tsx";
import type { FormDraft } from "../components/use-form-draft.ts";
import type { EnvironmentDraft, EnvironmentProblems } from "./environment-draft.ts";
import { NetworkingField } from "./networking-field.tsx";
import { PackagesField } from "./packages-field.tsx";

type EnvironmentFormProps = {
  state: FormDraft<EnvironmentDraft, EnvironmentProblems>;
  /** What the button says; null: the environment can only be read. */
  action: string | null;
  pending: boolean;
  error: unknown;
  saved?: boolean;
  question?: ReactNode;
  onSave: (draft: EnvironmentDraft) => void;
};

export function EnvironmentForm({
  state,
  action,
  pending,
  error,
  saved = false,
  question,
  onSave,
}: EnvironmentFormProps) {
  const { draft, problems, refusals, dirty, change } = state;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);
  const readOnly = action === null;
  return (
    <form
      ref={form}
      noValidate
      className="grid max-w-3xl gap-4 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (state.check()) onSave(draft);
      }}
    >
      <UnsavedEdits dirty={dirty && !pending && !readOnly} />
      <fieldset disabled={readOnly} className="contents">
        <div className="grid gap-4 md:grid-cols-2">
          <Field label="Name" error={problems?.name}>
            {(control) => (
              <Input
                {...control}
                maxLength={256}
                value={draft.name}
                onChange={(event) => change({ name: event.target.value })}
              />
            )}
          </Field>
          <Field label="Description" hint="Optional.">
            {(control) => (
              <Input
                {...control}
                maxLength={2048}
                value={draft.description}
                onChange={(event) => change({ description: event.target.value })}
              />
            )}
          </Field>
        </div>
        <NetworkingField state={state} />
        <PackagesField state={state} />
        <MetadataField
          rows={draft.metadata}
          error={problems?.metadata}
          readOnly={readOnly}
          onChange={(metadata) => change({ metadata })}
        />
        {error !== null && error !== undefined && <FailureNote error={error} />}
        {question}
        {!readOnly && (
          <div className="flex items-center gap-3">
            <Button type="submit" look="primary" disabled={pending}>
              {pending ? "Saving…" : action}
            </Button>
            <span role="status" className="text-muted">
              {dirty && !pending && "Not saved yet"}
              {saved && !dirty && !pending && <span className="text-good">Saved</span>}
            </span>
          </div>
        )}
      </fieldset>
    </form>
  );
}
