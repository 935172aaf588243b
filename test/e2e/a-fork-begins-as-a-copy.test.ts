// A fork of a large workspace begins as a copy of its source's disk, and has what its snapshot says, whatever that disk has become.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSessionsClient } from "../../src/client/sessions.ts";
import { createTransport } from "../../src/client/transport.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { readSessionLog } from "../support/session-log.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const FILES = 1200;

describe.skipIf(sandboxesMissing() || process.getuid?.() !== 0)("a fork of a large workspace", () => {
  let provider: ScriptedProvider;
  let system: System;
  let sessionId: string;
  beforeAll(async () => {
    provider = await startScriptedProvider();
    system = await startSystem({ env: { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-test" } });
    const client = system.client();
    const tools = [{ type: "agent_toolset_20260401" as const }];
    const agent = await client.beta.agents.create({ name: "Keeper", model: "scripted", tools });
    const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
    sessionId = (await client.beta.sessions.create({ agent: agent.id, environment_id })).id;
  }, 180_000);
  afterAll(async () => {
    await system?.dispose();
    await provider?.stop();
  });

  const log = (id: string) => readSessionLog({ url: system.url, apiKey: system.apiKey, sessionId: id });
  async function turn(id: string, command: string): Promise<{ message: string; printed: string }> {
    const ends = async () => (await log(id)).filter(({ type }) => type === "session.status_idle").length;
    const before = await ends();
    const content = [{ type: "text" as const, text: `RUNCMD[${command}]` }];
    const sent = await system.client().beta.sessions.events.send(id, { events: [{ type: "user.message", content }] });
    await until(async () => (await ends()) > before, { timeoutMs: 100_000, describe: () => system.output() });
    const result = (await log(id)).filter(({ type }) => type === "agent.tool_result").at(-1);
    return { message: sent.data?.[0]?.id ?? "", printed: JSON.stringify(result) };
  }
  /** A worker may hold the session for its upkeep: then it is asked again, as the SDKs do. */
  async function fork(body: unknown): Promise<string> {
    const headers = { "x-api-key": system.apiKey, "content-type": "application/json" };
    const init = { method: "POST", headers, body: JSON.stringify(body) };
    return until(async () => {
      const response = await fetch(`${system.url}/v1/sessions/${sessionId}/fork`, init);
      const answer = (await response.json()) as { id: string };
      expect([200, 409]).toContain(response.status);
      return response.status === 200 ? answer.id : null;
    });
  }
  /** Its files are in a snapshot, however long that takes. */
  async function kept(): Promise<void> {
    const client = createSessionsClient(createTransport({ baseUrl: system.url, apiKey: system.apiKey }));
    const { requested_at } = await client.takeSnapshot(sessionId);
    const isKept = async () => {
      const [newest] = (await client.snapshots(sessionId, { limit: 1 })).data;
      return newest !== undefined && newest.checked_at >= requested_at;
    };
    await until(isKept, { timeoutMs: 100_000, intervalMs: 200, describe: () => system.output() });
  }
  const restored = (id: string) =>
    until(async () => (await log(id)).find(({ type, reason }) => type === "session.restored" && reason === "fork"), {
      timeoutMs: 100_000,
      describe: () => system.output(),
    });
  const copies = () =>
    readFileSync(join(system.dataDir, "logs/sandboxd.log"), "utf8").split("a disk begins as a copy").length - 1;

  test("at an earlier message, of all of it, and of one that is deleted meanwhile", async () => {
    await turn(
      sessionId,
      `mkdir d; for i in $(seq ${FILES}); do echo $i > d/f$i; done; echo one > a; echo secret > ~/note`,
    );
    await kept();
    const second = await turn(
      sessionId,
      "echo two > a; rm d/f7; echo later > d/f8; echo later > new; rm ~/note; (sleep 1000 > /dev/null 2>&1 &)",
    );
    const earlier = await fork({ event_id: second.message });
    expect(await restored(earlier)).toMatchObject({ refused: [], written_files: 4, same_files: FILES - 2, removed: 1 });
    const whole = await fork({});
    expect(await restored(whole)).toMatchObject({ refused: [], written_files: 0, same_files: FILES + 1 });
    expect(copies()).toBe(2);

    const look = "ls d | wc -l; cat a d/f8 ~/note; ls new; pgrep sleep || echo nothing runs";
    expect((await turn(earlier, look)).printed).toContain(`${FILES}\\none\\n8\\nsecret\\nls: cannot access 'new'`);
    expect((await turn(whole, look)).printed).toContain(`${FILES - 1}\\ntwo\\nlater\\ncat: `);
    // The source goes on as it was, also what runs there.
    expect((await turn(sessionId, look)).printed).not.toContain("nothing runs");
    await turn(whole, "echo fork > a; rm -r d");
    expect((await turn(sessionId, "cat a; ls d | wc -l")).printed).toContain(`two\\n${FILES - 1}`);

    const orphan = await fork({ event_id: second.message });
    const removed = await fetch(`${system.url}/v1/sessions/${sessionId}`, {
      method: "DELETE",
      headers: { "x-api-key": system.apiKey },
    });
    expect(removed.status).toBe(200);
    expect(await restored(orphan)).toMatchObject({ refused: [], files: FILES + 2 });
    expect((await turn(orphan, look)).printed).toContain(`${FILES}\\none\\n8\\nsecret`);
  }, 400_000);
});
