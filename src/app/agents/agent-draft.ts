// The agent form's content, and how it becomes what the API takes.
import type { Agent, AgentTool, AgentToolset, CustomTool, Effort, ToolInput, ToolName } from "../../contract/agents.ts";
import { FIRST_MESSAGE_KEY, firstMessageOf } from "../../contract/first-message.ts";
import type { PermissionPolicy } from "../../contract/permission-policies.ts";
import { findMetadataProblem, type MetadataRow, toBag, toPatch, toRows } from "../components/metadata-rows.ts";
import { findMcpRowProblem, fromMcpRows, type McpRow, toMcpRows } from "./mcp-rows.ts";

export type Policy = PermissionPolicy["type"];
export type ToolSwitch = { enabled: boolean; policy: Policy };

export type AgentDraft = {
  name: string;
  model: string;
  /** Empty: the model's own. */
  effort: Effort | "";
  description: string;
  system: string;
  tools: Record<ToolName, ToolSwitch>;
  mcpServers: McpRow[];
  /** JSON: a list of custom tools. Empty: none. */
  customTools: string;
  /** What people may say to try the agent. Empty: nothing. */
  firstMessage: string;
  /** Without the first message. */
  metadata: MetadataRow[];
};

/** Metadata with a field of its own. */
const RESERVED = [FIRST_MESSAGE_KEY];
const MAX_SYSTEM_LENGTH = 100_000;

export const effortLabels: Record<Effort, string> = {
  low: "low",
  medium: "medium",
  high: "high",
  xhigh: "very high",
  max: "as high as it goes",
};

/** `auto` is only offered where a program has set it: the form keeps what is there. */
export const policyLabels: Record<Policy, string> = {
  always_allow: "runs at once",
  always_ask: "asks first",
  auto: "decided for each call",
};

/** In the order in which people meet them. The type keeps the list complete. */
export const toolLabels: Record<ToolName, string> = {
  bash: "Run commands in a shell",
  read: "Read files",
  write: "Write files",
  edit: "Change parts of files",
  glob: "Find files by name",
  grep: "Search in files",
  web_fetch: "Fetch web pages",
  web_search: "Search the web",
};
/** The keys of a literal record are its names. */
export const toolNames = Object.keys(toolLabels) as ToolName[];

export const newAgentDraft: AgentDraft = {
  name: "",
  model: "",
  effort: "",
  description: "",
  system: "",
  tools: fillTools(() => ({ enabled: true, policy: "always_allow" })),
  mcpServers: [],
  customTools: "",
  firstMessage: "",
  metadata: [],
};

export function toDraft(agent: Agent): AgentDraft {
  const toolset = agent.tools.find(isToolset);
  const customTools = agent.tools.filter((tool) => tool.type === "custom");
  return {
    name: agent.name,
    model: agent.model.id,
    effort: agent.model.effort?.type ?? "",
    description: agent.description ?? "",
    system: agent.system ?? "",
    tools: fillTools((name) => {
      if (!toolset) return { enabled: false, policy: "always_allow" };
      const config = toolset.configs.find((each) => each.name === name) ?? toolset.default_config;
      return { enabled: config.enabled, policy: config.permission_policy.type };
    }),
    mcpServers: toMcpRows(agent),
    customTools: customTools.length === 0 ? "" : JSON.stringify(customTools, null, 2),
    firstMessage: firstMessageOf(agent) ?? "",
    metadata: toRows(agent.metadata, RESERVED),
  };
}

export type DraftProblems = Partial<
  Record<"name" | "model" | "system" | "mcpServers" | "customTools" | "metadata", string>
>;

/** Null when the draft can be sent; the server has the last word on the details. */
export function findProblems(draft: AgentDraft): DraftProblems | null {
  const problems: DraftProblems = {};
  if (draft.name.trim() === "") problems.name = "Give the agent a name.";
  if (draft.model.trim() === "") problems.model = "Choose a model, or type the name that your gateway uses.";
  if (draft.system.length > MAX_SYSTEM_LENGTH)
    problems.system = `It is too long: ${draft.system.length} characters, ${MAX_SYSTEM_LENGTH} are taken.`;
  const servers = findMcpRowProblem(draft.mcpServers);
  if (servers !== null) problems.mcpServers = servers;
  const tools = parseCustomTools(draft.customTools);
  if (typeof tools === "string") problems.customTools = tools;
  const metadata = findMetadataProblem(draft.metadata, RESERVED);
  if (metadata !== null) problems.metadata = metadata;
  return Object.keys(problems).length === 0 ? null : problems;
}

/** A new agent. Of `source`, the agent that it is a copy of, what the form does not show is taken over. */
export function toNewInput(draft: AgentDraft, source: Agent | null) {
  const message = draft.firstMessage.trim();
  const metadata = { ...toBag(draft.metadata), ...(message ? { [FIRST_MESSAGE_KEY]: message } : {}) };
  return { ...toInput(draft, source), metadata };
}

/** A new version. `before` is the version that was edited: what the form does not show is kept. */
export function toUpdate(draft: AgentDraft, before: Agent) {
  const metadata = {
    ...toPatch(draft.metadata, before.metadata, RESERVED),
    [FIRST_MESSAGE_KEY]: draft.firstMessage.trim() || null,
  };
  return { ...toInput(draft, before), metadata };
}

function toInput(draft: AgentDraft, before: Agent | null) {
  const customTools = parseCustomTools(draft.customTools);
  if (typeof customTools === "string") throw new Error(customTools);
  const { servers, toolsets } = fromMcpRows(draft.mcpServers, before);
  // Null: the model's own effort, whatever was asked for before.
  const effort = draft.effort === "" ? null : { type: draft.effort };
  return {
    name: draft.name.trim(),
    model: { ...before?.model, id: draft.model.trim(), effort },
    description: draft.description.trim() || null,
    system: draft.system || null,
    tools: [...toToolset(draft, before?.tools.find(isToolset)), ...toolsets, ...customTools],
    mcp_servers: servers,
  };
}

function toToolset(draft: AgentDraft, before: AgentToolset | undefined): ToolInput[] {
  if (!before && toolNames.every((name) => !draft.tools[name].enabled)) return [];
  const configs = toolNames.map((name) => ({
    // Settings of single tools that the form does not show, such as allowed domains.
    ...before?.configs.find((config) => config.name === name),
    name,
    enabled: draft.tools[name].enabled,
    permission_policy: { type: draft.tools[name].policy },
  }));
  const { enabled, permission_policy } = before?.default_config ?? {
    enabled: true,
    permission_policy: { type: "always_allow" as const },
  };
  // Each entry is what the server sent for this tool, or the fields that all tools share; the union cannot express that.
  return [{ type: "agent_toolset_20260401", default_config: { enabled, permission_policy }, configs } as ToolInput];
}

/** The tools, or what is wrong with the text. */
function parseCustomTools(text: string): CustomTool[] | string {
  if (text.trim() === "") return [];
  let tools: unknown;
  try {
    tools = JSON.parse(text);
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (!Array.isArray(tools)) return "This has to be a list: [ { … } ]";
  const wrong = tools.findIndex((tool) => tool?.type !== "custom" || typeof tool.name !== "string");
  if (wrong !== -1) return `Tool ${wrong + 1} needs "type": "custom", a "name", a "description" and an "input_schema".`;
  return tools;
}

function isToolset(tool: AgentTool): tool is AgentToolset {
  return tool.type === "agent_toolset_20260401";
}

function fillTools(fill: (name: ToolName) => ToolSwitch): Record<ToolName, ToolSwitch> {
  return {
    bash: fill("bash"),
    read: fill("read"),
    write: fill("write"),
    edit: fill("edit"),
    glob: fill("glob"),
    grep: fill("grep"),
    web_fetch: fill("web_fetch"),
    web_search: fill("web_search"),
  };
}
