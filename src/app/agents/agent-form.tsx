// Form for everything that makes an agent.
"use client";

import { type ReactNode, useEffect, useRef, useState } from "react";
import { FailureNote } from "../components/failure-note.tsx";
import { Button } from "../components/ui/button.tsx";
import { Field } from "../components/ui/field.tsx";
import { Input, Textarea } from "../components/ui/input.tsx";
import { type AgentDraft, type DraftProblems, findProblems } from "./agent-draft.ts";
import { CustomToolsField } from "./custom-tools-field.tsx";
import { ModelField } from "./model-field.tsx";
import { ToolSwitches } from "./tool-switches.tsx";

type AgentFormProps = {
  initial: AgentDraft;
  /** What the button says; null: the agent can only be read. */
  action: string | null;
  pending: boolean;
  error: unknown;
  saved?: boolean;
  /** Something to decide before the agent can be saved. */
  question?: ReactNode;
  onSave: (draft: AgentDraft) => void;
};

export function AgentForm({ initial, action, pending, error, saved = false, question, onSave }: AgentFormProps) {
  const [draft, setDraft] = useState(initial);
  const [problems, setProblems] = useState<DraftProblems | null>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // What is wrong may be far above the button that was pressed.
    if (problems) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problems]);
  const change = (changes: Partial<AgentDraft>) => setDraft((before) => ({ ...before, ...changes }));
  return (
    <form
      ref={form}
      noValidate
      className="grid max-w-3xl gap-4 p-4"
      onSubmit={(event) => {
        event.preventDefault();
        const found = findProblems(draft);
        setProblems(found);
        if (!found) onSave(draft);
      }}
    >
      <fieldset disabled={action === null} className="contents">
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
          <ModelField value={draft.model} error={problems?.model} onChange={(model) => change({ model })} />
        </div>
        <Field label="Description" hint="For people who choose an agent. Optional.">
          {(control) => (
            <Input
              {...control}
              maxLength={2048}
              value={draft.description}
              onChange={(event) => change({ description: event.target.value })}
            />
          )}
        </Field>
        <Field label="System prompt" hint="What the model is told before every conversation. Optional.">
          {(control) => (
            <Textarea
              {...control}
              className="max-h-[60vh] min-h-40 font-mono text-[13px]"
              spellCheck={false}
              maxLength={100_000}
              value={draft.system}
              onChange={(event) => change({ system: event.target.value })}
            />
          )}
        </Field>
        <Field
          label="Suggested first message"
          hint="What people can say, with one click, to see what the agent does. Optional."
        >
          {(control) => (
            <Textarea
              {...control}
              maxLength={512}
              value={draft.firstMessage}
              onChange={(event) => change({ firstMessage: event.target.value })}
            />
          )}
        </Field>
        <ToolSwitches tools={draft.tools} onChange={(tools) => change({ tools })} />
        <CustomToolsField
          value={draft.customTools}
          error={problems?.customTools}
          onChange={(customTools) => change({ customTools })}
        />
        {error !== null && error !== undefined && <FailureNote error={error} />}
        {question}
        {action !== null && (
          <div className="flex items-center gap-3">
            <Button type="submit" look="primary" disabled={pending}>
              {pending ? "Saving…" : action}
            </Button>
            <span role="status" className="text-good">
              {saved && !pending ? "Saved" : ""}
            </span>
          </div>
        )}
      </fieldset>
    </form>
  );
}
