// Agents: definitions as the API returns them and takes them, and the toolset's names and policies.
import { z } from "zod";

export const TOOL_NAMES = ["bash", "read", "write", "edit", "glob", "grep", "web_fetch", "web_search"] as const;
export type ToolName = (typeof TOOL_NAMES)[number];
export type PermissionPolicy = { type: "always_allow" | "always_ask" | "auto" };
export type ToolConfig = {
  type: ToolName;
  name: ToolName;
  enabled: boolean;
  permission_policy: PermissionPolicy;
  [extra: string]: unknown;
};
export type AgentToolset = {
  type: "agent_toolset_20260401";
  default_config: { enabled: boolean; permission_policy: PermissionPolicy };
  configs: ToolConfig[];
};
export type CustomTool = {
  type: "custom";
  name: string;
  description: string;
  input_schema: {
    type: "object";
    properties?: Record<string, unknown> | null;
    required?: string[] | null;
    [key: string]: unknown;
  };
};
export type AgentTool = AgentToolset | CustomTool;
export type ModelConfig = {
  id: string;
  effort?: { type: "low" | "medium" | "high" | "xhigh" | "max" };
  speed?: "standard" | "fast";
};

/** What a version of an agent holds, normalised: defaults are filled in. */
export type AgentDefinition = {
  name: string;
  description: string | null;
  model: ModelConfig;
  system: string | null;
  tools: AgentTool[];
  metadata: Record<string, string>;
};

/** The snapshot in a session: what the turn engine reads. */
export type SessionAgent = {
  type: "agent";
  id: string;
  version: number;
  name: string;
  description: string | null;
  model: ModelConfig;
  system: string | null;
  tools: AgentTool[];
  mcp_servers: [];
  skills: [];
  multiagent: null;
  execution_identity: { type: "service_account" };
};

export const permissionPolicy = z.strictObject({ type: z.enum(["always_allow", "always_ask", "auto"]) });
