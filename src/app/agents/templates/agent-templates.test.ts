// Every template is an agent that the API takes, as soon as it has a model.
import { expect, test } from "vitest";
import { createAgentInput } from "../../../contract/agents.ts";
import { findProblems, toNewInput } from "../agent-draft.ts";
import { agentTemplates, draftFromTemplate } from "./agent-templates.ts";

test.each(agentTemplates.map((template) => [template.id, template] as const))("%s", (_id, template) => {
  const draft = { ...draftFromTemplate(template), model: "demo" };
  expect(findProblems(draft)).toBeNull();
  const input = toNewInput(draft, null);
  expect(createAgentInput.safeParse(input).error).toBeUndefined();
  expect(input.metadata).toEqual({ first_message: template.firstMessage });
});

test("their ids differ and fit into an address", () => {
  const ids = agentTemplates.map((template) => template.id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(encodeURIComponent(id)).toBe(id);
});
