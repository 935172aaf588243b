// Promise 2: a sandbox that is lost with its disk comes back with its files, and everybody is told.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { startScriptedProvider } from "../support/scripted-provider.ts";
import { readSessionLog } from "../support/session-log.ts";
import { startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

test.skipIf(sandboxesMissing())(
  "the disk is removed while the sandbox sleeps: the next command finds its files",
  async () => {
    const provider = await startScriptedProvider();
    const env = { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-test", BERTH_SANDBOX_IDLE_S: "5" };
    const system = await startSystem({ env });
    try {
      const client = system.client();
      const tools = [{ type: "agent_toolset_20260401" as const }];
      const agent = await client.beta.agents.create({ name: "Keeper", model: "scripted", tools });
      const environment = (await client.beta.environments.list()).data[0];
      const { id } = await client.beta.sessions.create({ agent: agent.id, environment_id: environment?.id ?? "" });
      const log = () => readSessionLog({ url: system.url, apiKey: system.apiKey, sessionId: id });
      const turn = async (command: string, turns: number) => {
        const content = [{ type: "text" as const, text: `RUNCMD[${command}]` }];
        await client.beta.sessions.events.send(id, { events: [{ type: "user.message", content }] });
        await until(
          async () => (await log()).filter((event) => event.type === "session.status_idle").length === turns,
          {
            timeoutMs: 60_000,
            describe: () => system.output(),
          },
        );
      };
      await turn("echo kept > file; mkdir d; ln -s ../file d/link; echo home > ~/note", 1);
      const headers = { "x-api-key": system.apiKey };
      const state = async () => {
        const response = await fetch(`${system.url}/v1/sessions/${id}/sandbox`, { headers });
        // Our own answer, as documented.
        return ((await response.json()) as { state: string }).state;
      };
      await until(async () => (await state()) === "hibernated", { timeoutMs: 60_000, intervalMs: 200 });
      await rm(join(system.dataDir, "sandboxes", id), { recursive: true });
      await turn("cat file d/link ~/note", 2);
      const events = await log();
      expect(events.find((event) => event.type === "session.restored")).toBeDefined();
      const result = JSON.stringify(events.filter((event) => event.type === "agent.tool_result").at(-1));
      expect(result).toContain("are back as they were at");
      expect(result).toContain("kept\\\\nkept\\\\nhome".replaceAll("\\\\", "\\"));
    } finally {
      await system.dispose();
      await provider.stop();
    }
  },
  180_000,
);
