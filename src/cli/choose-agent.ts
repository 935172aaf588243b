// Which agent `berth run` talks to: the one that was named, or the only one.
import type { BerthClient } from "../client/berth.ts";
import type { Page } from "../client/page.ts";
import type { Agent } from "../contract/agents.ts";
import { visibleExactly } from "../lib/visible-text.ts";
import { CliFailure } from "./exit-codes.ts";

/** By id, else by exact name, else by a name that differs in upper and lower case only. */
export async function chooseAgent(client: BerthClient, wanted: string | undefined): Promise<Agent> {
  if (wanted?.startsWith("agent_")) return client.agents.get(wanted);
  const agents = await activeAgents(client);
  if (agents.length === 0)
    throw new CliFailure("There is no agent yet. Make one in the dashboard (`berth login` prints a link).");
  if (wanted === undefined) {
    const [only, another] = agents;
    if (only && !another) return only;
    throw new CliFailure(`There are ${agents.length} agents: say which with --agent.\n${names(agents)}`);
  }
  const exact = agents.filter((agent) => agent.name === wanted);
  const found = exact.length > 0 ? exact : agents.filter((agent) => agent.name.toLowerCase() === wanted.toLowerCase());
  const [first, second] = found;
  if (!first) throw new CliFailure(`No agent is called ${JSON.stringify(wanted)}. There are:\n${names(agents)}`);
  if (second) throw new CliFailure(`Several agents are called so: use an id.\n${names(found)}`);
  return first;
}

async function activeAgents(client: BerthClient): Promise<Agent[]> {
  const agents: Agent[] = [];
  let page: string | null = null;
  do {
    const answer: Page<Agent> = await client.agents.list({ limit: 100, ...(page === null ? {} : { page }) });
    agents.push(...answer.data);
    page = answer.next_page;
  } while (page !== null);
  return agents;
}

function names(agents: readonly Agent[]): string {
  return agents
    .slice(0, 20)
    .map((agent) => `  ${agent.id}  ${visibleExactly(agent.name)}`)
    .join("\n");
}
