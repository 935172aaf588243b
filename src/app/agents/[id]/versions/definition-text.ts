// A version of an agent as text to compare, and as the change that brings it back. Pure.
import type { Agent, UpdateAgentInput } from "../../../../contract/agents.ts";

/** The system prompt as it is written, the rest one fact a line. */
export function definitionText({ name, description, model, system, tools, metadata }: Agent): string {
  return [
    `name: ${name}`,
    `description: ${description ?? "none"}`,
    `model: ${[model.id, model.effort?.type, model.speed === "fast" ? "fast" : undefined].filter(Boolean).join(", ")}`,
    ...Object.entries(metadata).map(([key, value]) => `metadata ${key}: ${value}`),
    ...tools.flatMap((tool) => {
      if (tool.type === "custom") return `custom tool ${tool.name}: ${JSON.stringify(tool)}`;
      const { enabled, permission_policy } = tool.default_config;
      return [
        `tools: ${enabled ? permission_policy.type : "off"}`,
        ...tool.configs.map(({ type: _type, name: toolName, enabled: on, permission_policy: policy, ...others }) => {
          const set = Object.entries(others).filter(([, value]) => value !== null);
          const rest = set.length > 0 ? ` ${JSON.stringify(Object.fromEntries(set))}` : "";
          return `tool ${toolName}: ${on ? policy.type : "off"}${rest}`;
        }),
      ];
    }),
    "system prompt:",
    system ?? "none",
  ].join("\n");
}

/** What makes `current` like `earlier`, as a new version. */
export function toRestore(earlier: Agent, current: Agent): UpdateAgentInput & { version: number } {
  const dropped = Object.keys(current.metadata).filter((key) => !(key in earlier.metadata));
  return {
    name: earlier.name,
    description: earlier.description,
    model: { ...earlier.model, effort: earlier.model.effort ?? null },
    system: earlier.system,
    // What the API has answered, it takes.
    tools: earlier.tools as NonNullable<UpdateAgentInput["tools"]>,
    metadata: { ...earlier.metadata, ...Object.fromEntries(dropped.map((key) => [key, null])) },
    version: current.version,
  };
}
