// Sessions for tests that look at pages: made, spoken to, and brought to rest.
import type { System } from "./system.ts";
import { until } from "./until.ts";

/** Agents' tools: all of the toolset, asked about or not, or one tool of a program. */
type Tools = "acts" | "asks" | "custom";

const tools = {
  acts: [{ type: "agent_toolset_20260401" as const }],
  asks: [
    {
      type: "agent_toolset_20260401" as const,
      default_config: { enabled: true, permission_policy: { type: "always_ask" as const } },
    },
  ],
  custom: [
    {
      type: "custom" as const,
      name: "deploy",
      description: "Deploys.",
      input_schema: { type: "object" as const },
    },
  ],
};

export function sessionsOf(system: System) {
  const client = system.client();
  const sessions = {
    async agent(name: string, kind: Tools = "acts"): Promise<string> {
      return (await client.beta.agents.create({ name, model: "demo", tools: tools[kind] })).id;
    },
    async make(agent: string, title: string): Promise<string> {
      const environments = await client.beta.environments.list();
      const environment_id = environments.data[0]?.id ?? "";
      return (await client.beta.sessions.create({ agent, environment_id, title })).id;
    },
    async say(sessionId: string, text: string): Promise<void> {
      const event = { type: "user.message" as const, content: [{ type: "text" as const, text }] };
      await client.beta.sessions.events.send(sessionId, { events: [event] });
    },
    /** Until the agent has answered, or waits for somebody. */
    async rest(sessionId: string): Promise<void> {
      const idle = async () => (await client.beta.sessions.retrieve(sessionId)).status === "idle";
      await until(idle, { timeoutMs: 60_000, intervalMs: 50, describe: () => `${sessionId} is still at work` });
    },
    /** A session in which one thing was said and answered. */
    async talk(agent: string, title: string, text: string): Promise<string> {
      const id = await sessions.make(agent, title);
      await sessions.say(id, text);
      await sessions.rest(id);
      return id;
    },
  };
  return sessions;
}
