// An agent as one file, JSON or YAML, and back: what the file holds is what `POST /v1/agents` takes.
import type { Agent, CreateAgentInput } from "../../contract/agents.ts";
import { loadPart } from "../live/load-part.ts";

export const EXPORT_FORMATS = {
  json: { label: "JSON", mediaType: "application/json" },
  yaml: { label: "YAML", mediaType: "application/yaml" },
} as const;
export type ExportFormat = keyof typeof EXPORT_FORMATS;

export async function toExport(agent: Agent, format: ExportFormat): Promise<string> {
  const { name, description, model, system, tools, mcp_servers, metadata } = agent;
  const exported = { name, description, model, system, tools, mcp_servers, metadata };
  if (format === "json") return `${JSON.stringify(exported, null, 2)}\n`;
  const { stringify } = await loadPart(() => import("yaml"));
  // Lines are kept as they were written.
  return stringify(exported, { lineWidth: 0 });
}

/** A name that every file system takes. */
export function exportFileName(agent: Pick<Agent, "name">, format: ExportFormat): string {
  const plain = agent.name
    .normalize("NFKD")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
  return `${plain.slice(0, 60) || "agent"}.agent.${format}`;
}

/** What the API is asked to make. Throws, in words for people, when the text cannot be an agent; details are the API's to check. */
export async function fromExport(text: string): Promise<CreateAgentInput> {
  const value = await parseExport(text);
  if (typeof value !== "object" || value === null || !("name" in value) || !("model" in value))
    throw new Error("This file is not an agent: it needs at least a name and a model.");
  // The API checks every field and names what is wrong.
  return value as CreateAgentInput;
}

async function parseExport(text: string): Promise<unknown> {
  const isJson = /^\s*[[{]/.test(text);
  try {
    if (isJson) return JSON.parse(text);
    const { parse } = await loadPart(() => import("yaml"));
    return parse(text, { logLevel: "error" });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`This file is not ${isJson ? "JSON" : "YAML"}: ${why}`, { cause: error });
  }
}
