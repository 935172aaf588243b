// Which built-in tools the agent has, and which of them ask first.
"use client";

import type { ToolName } from "../../contract/agents.ts";
import { Select } from "../components/ui/input.tsx";
import { useHealth } from "../settings/use-health.ts";
import { type Policy, policyLabels, type ToolSwitch, toolLabels, toolNames } from "./agent-draft.ts";

type ToolSwitchesProps = {
  tools: Record<ToolName, ToolSwitch>;
  onChange: (tools: Record<ToolName, ToolSwitch>) => void;
};

export function ToolSwitches({ tools, onChange }: ToolSwitchesProps) {
  const { data: health } = useHealth();
  const cannotSearch = health?.parts.tools?.webSearch === false;
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 font-medium">Tools</legend>
      <ul className="rounded-md border border-line bg-panel">
        {toolNames.map((name) => {
          const tool = tools[name];
          const isNotOffered = cannotSearch && name === "web_search";
          const change = (changes: Partial<ToolSwitch>) => onChange({ ...tools, [name]: { ...tool, ...changes } });
          return (
            <li key={name} className="flex flex-wrap items-center gap-x-3 border-line px-3 py-1.5 not-last:border-b">
              <label className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 py-1">
                <span className="flex items-center gap-3">
                  <input
                    type="checkbox"
                    className="size-4 accent-accent max-md:size-5"
                    checked={tool.enabled}
                    aria-describedby={isNotOffered ? "no-search" : undefined}
                    onChange={(event) => change({ enabled: event.target.checked })}
                  />
                  <code className="w-24 font-mono text-[13px]">{name}</code>
                </span>
                <span className="min-w-0 text-muted max-md:basis-full">{toolLabels[name]}</span>
              </label>
              <Select
                aria-label={`When ${name} is called`}
                className="w-auto min-w-36 shrink-0"
                disabled={!tool.enabled}
                value={tool.policy}
                // The options are the policies, so the value is one of them.
                onChange={(event) => change({ policy: event.target.value as Policy })}
              >
                <option value="always_allow">{policyLabels.always_allow}</option>
                <option value="always_ask">{policyLabels.always_ask}</option>
                {tool.policy === "auto" && <option value="auto">{policyLabels.auto}</option>}
              </Select>
              {isNotOffered && (
                <p id="no-search" className="basis-full pb-1 pl-7 text-[13px] text-muted max-md:pl-8">
                  Agents are not offered it: this server has no search service. Its operator sets{" "}
                  <code className="font-mono">BERTH_SEARCH_URL</code>.
                </p>
              )}
            </li>
          );
        })}
      </ul>
    </fieldset>
  );
}
