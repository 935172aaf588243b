// Agents to start from. To add one: a file beside this one, and its line here.
import { type AgentDraft, newAgentDraft } from "../agent-draft.ts";
import { dataAnalyst } from "./data-analyst.ts";
import { docWriter } from "./doc-writer.ts";
import { repoExplorer } from "./repo-explorer.ts";
import { shellHelper } from "./shell-helper.ts";
import { testFixer } from "./test-fixer.ts";

export type AgentTemplate = {
  /** In addresses: `/agents/new?template=…`. */
  id: string;
  name: string;
  /** One sentence; becomes the agent's description. */
  description: string;
  system: string;
  firstMessage: string;
  /** Tools that differ from "on, runs at once". */
  tools?: Partial<AgentDraft["tools"]>;
};

export const agentTemplates: readonly AgentTemplate[] = [repoExplorer, testFixer, dataAnalyst, docWriter, shellHelper];

export function draftFromTemplate({ id: _id, tools, ...texts }: AgentTemplate): AgentDraft {
  return { ...newAgentDraft, ...texts, tools: { ...newAgentDraft.tools, ...tools } };
}
