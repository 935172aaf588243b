// Form for everything that makes an agent.
"use client";

import { type ReactNode, useEffect, useRef } from "react";
import { FailureNote } from "../components/failure-note.tsx";
import { MetadataField } from "../components/metadata-field.tsx";
import { Button } from "../components/ui/button.tsx";
import { Field } from "../components/ui/field.tsx";
import { Input, Textarea } from "../components/ui/input.tsx";
import { UnsavedEdits } from "../components/unsaved-edits.tsx";
import type { FormDraft } from "../components/use-form-draft.ts";
import type { AgentDraft, DraftProblems } from "./agent-draft.ts";
import { CustomToolsField } from "./custom-tools-field.tsx";
import { EffortField } from "./effort-field.tsx";
import { McpServersField } from "./mcp-servers-field.tsx";
import { ModelField } from "./model-field.tsx";
import { SystemPromptField } from "./system-prompt-field.tsx";
import { ToolSwitches } from "./tool-switches.tsx";

/** For buttons elsewhere on the page that save. */
export const AGENT_FORM_ID = "agent-form";

type AgentFormProps = {
  state: FormDraft<AgentDraft, DraftProblems>;
  /** What the button says; null: the agent can only be read. */
  action: string | null;
  pending: boolean;
  error: unknown;
  saved?: boolean;
  /** Something to decide before the agent can be saved. */
  question?: ReactNode;
  onSave: (draft: AgentDraft) => void;
};

export function AgentForm({ state, action, pending, error, saved = false, question, onSave }: AgentFormProps) {
  const { draft, problems, refusals, dirty, change } = state;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // What is wrong may be far above the button that was pressed.
    if (refusals > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refusals]);
  const readOnly = action === null;
  return (
    <form
      ref={form}
      id={AGENT_FORM_ID}
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
          <ModelField value={draft.model} error={problems?.model} onChange={(model) => change({ model })} />
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
          <EffortField value={draft.effort} onChange={(effort) => change({ effort })} />
        </div>
        <SystemPromptField
          value={draft.system}
          error={problems?.system}
          readOnly={readOnly}
          onChange={(system) => change({ system })}
        />
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
        <McpServersField
          rows={draft.mcpServers}
          error={problems?.mcpServers}
          readOnly={readOnly}
          onChange={(mcpServers) => change({ mcpServers })}
        />
        <CustomToolsField
          value={draft.customTools}
          error={problems?.customTools}
          onChange={(customTools) => change({ customTools })}
        />
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
