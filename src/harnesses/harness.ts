// The harness port: what drives a model for a session. Adapters: `builtin`; external coding agents follow.

import type { SessionAgent } from "../contract/agents.ts";
import type { EvaluatedPermission } from "../contract/events.ts";
import type { ModelAnswer, ModelCost, ModelMessage, ModelPart, ModelUsage } from "../models/model.ts";
import type { Operation } from "../sandboxes/sandbox.ts";
import type { WebRequest } from "../web-tools/web-tools.ts";

/** A tool call as the model made it. `invalidInput` is the raw text when it was not a JSON object. */
export type CalledTool = {
  name: string;
  input: Record<string, unknown>;
  invalidInput?: string;
  /** It is a tool of an MCP server; `name` is the server's own for it then. */
  mcp?: { server: string };
};

/** Whose words may hold the addresses that `web_fetch` fetches. Tools by name. */
export type UrlSources = {
  fromUser: boolean;
  fromCustomTools: ToolFilter;
  fromWebTools: ToolFilter;
};
export type ToolFilter = { only: readonly string[] } | { except: readonly string[] };

/**
 * What a tool call means. `operation`: for the sandbox, once permitted · `mcp`: for an MCP server, once permitted · `web`: to be
 * brought from the web, once permitted (`urlSources` null: from any address) · `custom`: the client does it · `refused`: it can't be
 * done, and `message` tells the model why and what to do instead.
 */
export type ToolPlan =
  | { kind: "operation"; permission: EvaluatedPermission; operation: Operation }
  | { kind: "mcp"; permission: EvaluatedPermission; server: string; tool: string }
  | { kind: "web"; permission: EvaluatedPermission; request: WebRequest; urlSources: UrlSources | null }
  | { kind: "custom" }
  | { kind: "refused"; message: string };

/** A tool of an MCP server as it is offered to the model, under `modelName`. */
export type OfferedMcpTool = {
  server: string;
  /** The server's own. */
  name: string;
  modelName: string;
  description: string;
  inputSchema: { type: "object"; [key: string]: unknown };
};
/** `away`: servers whose tools cannot be offered now. */
export type OfferedMcp = { tools: readonly OfferedMcpTool[]; away: readonly string[] };
/** Tools of one server, by its own names, that do not go into requests; `enabled`: how many tools of it the agent has. */
export type LeftOutTools = { server: string; names: readonly string[]; enabled: number };

/** One model request. Aborting `signal` ends it at once; the call then throws the signal's reason. */
export type HarnessRequest = {
  agent: SessionAgent;
  mcp: OfferedMcp;
  messages: ModelMessage[];
  signal: AbortSignal;
  onPart: (part: ModelPart) => void;
};

/**
 * Drives the model of a session, one request at a time; keeping the log, asking people and running tools is the
 * caller's part. Nothing here remembers a session: all it needs is in its arguments, so any worker can go on.
 */
export type Harness = {
  readonly id: string;
  /** Exactly one request, never retried. Throws `ModelError`. */
  answer(request: HarnessRequest): Promise<ModelAnswer>;
  /** One request that sums up `transcript`, the older part of a conversation. Throws `ModelError`. */
  summarise(request: {
    agent: SessionAgent;
    transcript: string;
    signal: AbortSignal;
    onPart: () => void;
  }): Promise<ModelAnswer>;
  /** Pure: the same call of the same agent always gives the same plan, so that a successor decides alike. */
  planToolCall(agent: SessionAgent, call: CalledTool): ToolPlan;
  /** Pure: a call of this tool is likely to run in the sandbox as soon as it is written, since nobody is asked before. */
  runsAtOnce(agent: SessionAgent, toolName: string): boolean;
  /** Pure: what the agent has of MCP servers' tools and `answer` does not offer, since it would make each request too large. */
  leftOut(agent: SessionAgent, mcp: OfferedMcp): LeftOutTools[];
  /** The size of the prompt that `answer` would send, guessed. */
  estimatePrompt(agent: SessionAgent, mcp: OfferedMcp, messages: readonly ModelMessage[]): number;
  /** What a request cost that ended before anyone could say; an unknown price after a second without an answer. Never throws. */
  priceOf(agent: SessionAgent, usage: ModelUsage): Promise<ModelCost>;
  /** How many tokens the agent's model takes; null when nobody knows. */
  inputLimit(agent: SessionAgent): Promise<number | null>;
};
