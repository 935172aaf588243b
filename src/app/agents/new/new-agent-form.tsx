// The form of an agent that is not there yet.
"use client";

import { useFormDraft } from "../../components/use-form-draft.ts";
import { type AgentDraft, findProblems } from "../agent-draft.ts";
import { AgentForm } from "../agent-form.tsx";

type NewAgentFormProps = {
  start: AgentDraft;
  pending: boolean;
  error: unknown;
  onSave: (draft: AgentDraft) => void;
};

export function NewAgentForm({ start, ...rest }: NewAgentFormProps) {
  return <AgentForm state={useFormDraft(start, findProblems)} action="Create agent" {...rest} />;
}
