// An agent as one JSON file, and back: what the file holds is what `POST /v1/agents` takes.
import type { Agent, CreateAgentInput } from "../../contract/agents.ts";

export function toExport({ name, description, model, system, tools, metadata }: Agent): string {
  return `${JSON.stringify({ name, description, model, system, tools, metadata }, null, 2)}\n`;
}

/** A name that every file system takes. */
export function exportFileName(agent: Pick<Agent, "name">): string {
  const plain = agent.name
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
  return `${plain.slice(0, 60) || "agent"}.agent.json`;
}

/** What the API is asked to make. Throws, in words for people, when the text cannot be an agent; details are the API's to check. */
export function fromExport(text: string): CreateAgentInput {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`This file is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || !("name" in value) || !("model" in value))
    throw new Error('This file is not an agent: it needs at least a "name" and a "model".');
  // The API checks every field and names what is wrong.
  return value as CreateAgentInput;
}
