// A worker, as a process of its own, is asked to stop in the middle of everything: nothing is cancelled, and another one goes on.
import { afterEach, describe, expect, test } from "vitest";
import { freePort } from "../support/free-port.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { until } from "../support/until.ts";
import { answers, type Ground, prepareGround } from "./lone-parts.ts";
import { request, type Server } from "./patient-client.ts";

const disposals: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposals.splice(0).reverse()) await dispose();
});

type Entry = { type: string; content?: { text?: string }[]; is_error?: boolean };

function createClient(server: Server) {
  const at = (sessionId: string, what: string) => `/v1/sessions/${sessionId}${what}`;
  return {
    newSession: async (agent: string) => (await request<{ id: string }>(server, "POST", "/v1/sessions", { agent })).id,
    say: (sessionId: string, text: string) =>
      request(server, "POST", at(sessionId, "/events"), {
        events: [{ type: "user.message", content: [{ type: "text", text }] }],
      }),
    entries: async (sessionId: string) =>
      (await request<{ data: Entry[] }>(server, "GET", at(sessionId, "/events?limit=200&order=asc"))).data,
    rests: async (sessionId: string) =>
      (await request<{ status: string }>(server, "GET", at(sessionId, ""))).status === "idle",
    async writeFile(sessionId: string, path: string): Promise<void> {
      const url = `${server.url}${at(sessionId, `/files/content?path=/workspace/${path}`)}`;
      const answer = await fetch(url, { method: "POST", headers: { "x-api-key": server.apiKey }, body: "x" });
      expect(answer.ok, await answer.text()).toBe(true);
    },
  };
}
type Client = ReturnType<typeof createClient>;

async function makeAgent(server: Server): Promise<string> {
  const tools = [
    {
      type: "agent_toolset_20260401",
      default_config: { enabled: true, permission_policy: { type: "always_allow" } },
    },
  ];
  return (await request<{ id: string }>(server, "POST", "/v1/agents", { name: "Ada", model: "scripted", tools })).id;
}

const textsOf = (entries: readonly Entry[], type: string) =>
  entries.filter((entry) => entry.type === type).map(({ content }) => content?.[0]?.text ?? "");

async function startWorker(ground: Ground) {
  const worker = ground.start("worker");
  await until(() => worker.printed().includes('"msg":"worker is ready"'), {
    timeoutMs: 60_000,
    describe: worker.printed,
  });
  return worker;
}

const settled = (client: Client, sessionId: string) => until(() => client.rests(sessionId), { timeoutMs: 60_000 });

describe.skipIf(sandboxesMissing() !== null)("SIGTERM of a busy worker", () => {
  test("an answer is finished by it, a command goes on under another, and new work is the other's", async () => {
    const ground = await prepareGround(disposals);
    const { provider } = ground;
    const port = await freePort();
    await answers(port, ground.start("web", { env: { PORT: String(port) } }));
    const server: Server = { url: `http://127.0.0.1:${port}`, apiKey: ground.apiKey };
    const client = createClient(server);
    const agent = await makeAgent(server);
    const first = await startWorker(ground);

    const [talking, working] = [await client.newSession(agent), await client.newSession(agent)];
    await client.say(
      working,
      "RUNCMD[echo begun | tee -a ledger; until test -e go; do sleep 0.05; done; echo ended | tee -a ledger]",
    );
    await until(async () => (await client.entries(working)).some(({ type }) => type === "agent.tool_use"));
    // What it has printed is seen by those who watch; that it runs is enough here.
    await until(() => ranIn(server, working, "ledger"), { timeoutMs: 60_000, intervalMs: 50 });
    await client.say(talking, "HOLD");
    await provider.held();
    const second = await startWorker(ground);

    const stopped = first.stop();
    const meanwhile = await client.newSession(agent);
    await client.say(meanwhile, "Hello");
    await settled(client, meanwhile);
    await client.writeFile(working, "go");
    await settled(client, working);
    provider.release();
    // It gives itself nine seconds, and ends with 1 when they were too few.
    expect(await stopped).toBe(0);
    await settled(client, talking);

    expect(textsOf(await client.entries(working), "agent.tool_result")).toEqual(["begun\nended"]);
    await client.say(working, "RUNCMD[cat ledger]");
    await until(async () => textsOf(await client.entries(working), "agent.tool_result").length === 2);
    expect(textsOf(await client.entries(working), "agent.tool_result")[1]).toBe("begun\nended");
    expect(textsOf(await client.entries(talking), "agent.message")).toEqual(["held until it is released"]);
    const asked = provider.chats.filter(({ body }) => JSON.stringify(body).includes("HOLD"));
    expect(asked.map(({ answered, aborted }) => ({ answered, aborted }))).toEqual([{ answered: true, aborted: false }]);
    await settled(client, working);

    // An answer that takes longer than a worker may wait is asked for again, by another.
    await client.say(talking, "HOLD once more");
    await provider.held();
    await startWorker(ground);
    expect(await second.stop()).toBe(0);
    await until(() => provider.chats.filter(({ body }) => JSON.stringify(body).includes("once more")).length === 2);
    await provider.held();
    provider.release();
    await until(async () => textsOf(await client.entries(talking), "agent.message").length === 2);
    await settled(client, talking);
    const entries = await client.entries(talking);
    expect(textsOf(entries, "agent.message")).toEqual(Array(2).fill("held until it is released"));
    expect(entries.filter(({ type }) => type === "session.error")).toEqual([]);
  }, 120_000);
});

/** The file is there: the command that writes it has begun. */
async function ranIn(server: Server, sessionId: string, path: string): Promise<boolean> {
  const url = `${server.url}/v1/sessions/${sessionId}/files/content?path=/workspace/${path}`;
  const answer = await fetch(url, { headers: { "x-api-key": server.apiKey } });
  await answer.arrayBuffer();
  return answer.ok;
}
