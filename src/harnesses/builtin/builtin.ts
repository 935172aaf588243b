// The built-in harness: a model loop's single steps over the gateway, with `agent_toolset_20260401` and custom tools.
import { type SessionAgent, TOOL_NAMES } from "../../contract/agents.ts";
import type { Clock } from "../../lib/clock.ts";
import type { ModelClient, ModelCost, ModelInfo } from "../../models/model.ts";
import { estimateTokens } from "../../models/tokens.ts";
import type { CalledTool, Harness, OfferedMcp, ToolPlan } from "../harness.ts";
import { configOf, evaluatePermission, mcpRuleFor, offeredTools, ruleFor } from "./permissions.ts";
import { SUMMARY_SYSTEM, summaryRequest, systemPrompt } from "./prompts.ts";
import { toolset } from "./toolset.ts";
import { urlSourcesOf } from "./web-config.ts";

const MODEL_LIST_AGE_MS = 300_000;
/** After a failure the list is asked for again sooner. */
const MODEL_LIST_RETRY_MS = 30_000;
const MODEL_LIST_WAIT_MS = 1_000;
/** An interrupt must not wait for a gateway's price list. */
const PRICE_WAIT_MS = 1_000;
const UNPRICED: ModelCost = { usd: null, source: "unpriced" };
const SUMMARY_MAX_OUTPUT_TOKENS = 4_000;

/** `canSearch`: there is a search service, so that `web_search` is offered. */
export function createBuiltinHarness(options: { models: ModelClient; clock: Clock; canSearch: boolean }): Harness {
  const { models, clock, canSearch } = options;
  const limits = createModelLimits(models, clock);

  return {
    id: "builtin",
    async answer({ agent, mcp, messages, signal, onPart }) {
      return models.streamAnswer(
        {
          model: agent.model.id,
          ...promptOf(agent, mcp, canSearch),
          messages,
          ...(agent.model.effort ? { effort: agent.model.effort.type } : {}),
          signal,
        },
        onPart,
      );
    },
    async summarise({ agent, transcript, signal, onPart }) {
      return models.streamAnswer(
        {
          model: agent.model.id,
          system: SUMMARY_SYSTEM,
          messages: [{ role: "user", content: [{ type: "text", text: summaryRequest(transcript) }] }],
          tools: [],
          maxOutputTokens: SUMMARY_MAX_OUTPUT_TOKENS,
          signal,
        },
        onPart,
      );
    },
    planToolCall: (agent, call) => planToolCall(agent, call, { canSearch }),
    runsAtOnce({ tools }, toolName) {
      const tool = toolset.get(toolName);
      if (!tool || tools.some((entry) => entry.type === "custom" && entry.name === toolName)) return false;
      const rule = ruleFor(tools, tool.name);
      return tool.runsInSandbox && rule.enabled && evaluatePermission(rule.policy, tool.readOnly) === "allow";
    },
    leftOut: (agent, mcp) => offeredTools(agent.tools, { mcpTools: mcp.tools, canSearch }).leftOut,
    estimatePrompt: (agent, mcp, messages) => estimateTokens(messages, promptOf(agent, mcp, canSearch)),
    priceOf: (agent, usage) =>
      Promise.race([models.priceOf(agent.model.id, usage), clock.sleep(PRICE_WAIT_MS).then(() => UNPRICED)]),
    inputLimit: (agent) => limits.of(agent.model.id),
  };
}

function promptOf(agent: SessionAgent, { tools, away }: OfferedMcp, canSearch: boolean) {
  const hasSandboxTools = TOOL_NAMES.some((name) => ruleFor(agent.tools, name).enabled);
  const system = systemPrompt({ system: agent.system, hasSandboxTools, away });
  return { system, tools: offeredTools(agent.tools, { mcpTools: tools, canSearch }).specs };
}

/** See `Harness.planToolCall`. */
export function planToolCall(agent: SessionAgent, call: CalledTool, options: { canSearch: boolean }): ToolPlan {
  const offered = () =>
    offeredTools(agent.tools, { mcpTools: [], ...options })
      .specs.map((spec) => spec.name)
      .join(", ") || "none";
  if (call.invalidInput !== undefined) {
    return {
      kind: "refused",
      message: `${call.name}: the input was not a JSON object, so nothing was run. Call the tool again with a JSON object as its schema says.`,
    };
  }
  if (call.mcp) return planMcpCall(agent, call.name, call.mcp);
  if (agent.tools.some((entry) => entry.type === "custom" && entry.name === call.name)) return { kind: "custom" };
  const tool = toolset.get(call.name);
  const rule = tool ? ruleFor(agent.tools, tool.name) : null;
  if (tool?.name === "web_search" && rule?.enabled && !options.canSearch) {
    return { kind: "refused", message: "web_search: no search service is configured on this server. Tell the user." };
  }
  if (!tool || !rule?.enabled) {
    return { kind: "refused", message: `There is no tool "${call.name}". Tools that you can call: ${offered()}.` };
  }
  const config = configOf(agent.tools, tool.name);
  const outcome = tool.toAction(call.input, config);
  if ("problem" in outcome) {
    return {
      kind: "refused",
      message: `${call.name}: ${outcome.problem}. Nothing was run; call it again with a correct input.`,
    };
  }
  const permission = evaluatePermission(rule.policy, tool.readOnly);
  if ("operation" in outcome.action) return { kind: "operation", permission, operation: outcome.action.operation };
  return { kind: "web", permission, request: outcome.action.request, urlSources: urlSourcesOf(config) };
}

function planMcpCall(agent: SessionAgent, tool: string, { server }: { server: string }): ToolPlan {
  const rule = mcpRuleFor(agent.tools, server, tool);
  if (!rule.enabled || !agent.mcp_servers.some(({ name }) => name === server))
    return {
      kind: "refused",
      message: `The tool ${tool} of the MCP server ${server} is not enabled. Nothing was run.`,
    };
  // What a tool of somebody else's server only looks at, nobody here knows; the server saying so may be the attack.
  return { kind: "mcp", permission: evaluatePermission(rule.policy, false), server, tool };
}

/** Input limits of models, from the gateway's list, which is asked for seldom. */
function createModelLimits(models: ModelClient, clock: Clock): { of(modelId: string): Promise<number | null> } {
  let known: readonly ModelInfo[] = [];
  let askAgainAt = 0;
  let asking: Promise<void> | null = null;

  async function refresh(): Promise<void> {
    try {
      known = await models.listModels();
      askAgainAt = clock.now() + MODEL_LIST_AGE_MS;
    } catch {
      // Without the list a limit is unknown: an overflow is then noticed by the model's own error.
      askAgainAt = clock.now() + MODEL_LIST_RETRY_MS;
    }
  }

  return {
    async of(modelId) {
      if (clock.now() >= askAgainAt) {
        asking ??= refresh().finally(() => {
          asking = null;
        });
        // The first request of all waits for the list, but not for a gateway that does not answer.
        if (known.length === 0) await Promise.race([asking, clock.sleep(MODEL_LIST_WAIT_MS)]);
      }
      return known.find((model) => model.id === modelId)?.maxInputTokens ?? null;
    },
  };
}
