// Postgres is restarted in three ways under fifty running sessions, while their clients write: nothing acknowledged is lost or doubled, and all end.
import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startScriptedProvider } from "../support/scripted-provider.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";
import { withDatabase } from "./faults.ts";
import { request, type Server, sendEvents } from "./patient-client.ts";

/** As many as one worker runs at the same time. */
const SESSIONS = 50;
/** SIGINT ends sessions and shuts down in order, SIGQUIT drops everything at once. */
const RESTARTS = ["SIGINT", "SIGQUIT", "SIGKILL"] as const;

type Provider = Awaited<ReturnType<typeof startScriptedProvider>>;
let provider: Provider;
let system: System;
beforeAll(async () => {
  provider = await startScriptedProvider();
  // No sandbox is used here.
  const env = { LITELLM_GATEWAY_URL: provider.url, LITELLM_API_KEY: "sk-test", BERTH_SANDBOX_WARM: "0" };
  system = await startSystem({ env });
});
afterAll(async () => {
  provider.release();
  await system.dispose();
  await provider.stop();
});

type Client = {
  sessionId: string;
  /** Texts whose sending was acknowledged, in order. */
  said: string[];
  say(text: string): Promise<void>;
};

/** Every other one is the official SDK as it is, which repeats by itself; the rest repeat with an Idempotency-Key. */
async function openClients(server: Server, attempts: { count: number }): Promise<Client[]> {
  const { id: agent } = await request<{ id: string }>(server, "POST", "/v1/agents", { name: "Ada", model: "scripted" });
  const counted: typeof fetch = (url, init) => {
    attempts.count += 1;
    return fetch(url, init);
  };
  // Its own pauses are random, and end at eight seconds: enough of them for a restart on a busy machine.
  const sdk = new Anthropic({ baseURL: server.url, apiKey: server.apiKey, maxRetries: 12, fetch: counted });
  return Promise.all(
    Array.from({ length: SESSIONS }, async (_, index): Promise<Client> => {
      const { id: sessionId } = await request<{ id: string }>(server, "POST", "/v1/sessions", { agent });
      const said: string[] = [];
      const byItself = index % 2 === 0;
      return {
        sessionId,
        said,
        async say(text) {
          const events = [{ type: "user.message" as const, content: [{ type: "text" as const, text }] }];
          if (byItself) await sdk.beta.sessions.events.send(sessionId, { events });
          else await sendEvents(server, sessionId, events);
          said.push(text);
        },
      };
    }),
  );
}

type SessionRow = { id: string; status: string; reason: string | null; leased: boolean };
const readSessions = () =>
  withDatabase(system, async (client) => {
    const { rows } = await client.query<SessionRow>(
      "select id, status, stop_reason->>'type' as reason, lease_owner is not null or wake_at is not null as leased from sessions",
    );
    return rows;
  });

type MessageRow = { session_id: string; text: string; echo: boolean };
const readMessages = () =>
  withDatabase(system, async (client) => {
    const { rows } = await client.query<MessageRow>(
      "select session_id, payload->'content'->0->>'text' as text, echo from events where type = 'user.message' order by session_id, seq",
    );
    return rows;
  });

/** Answers are held until `release`: those who wait for one run. */
const held = () => provider.chats.filter(({ answered, aborted }) => !answered && !aborted).length;

async function allRest(): Promise<void> {
  const rests = ({ status, leased }: SessionRow) => status === "idle" && !leased;
  let rows: SessionRow[] = [];
  await until(
    async () => {
      // A request that was made anew is held anew.
      provider.release();
      rows = await readSessions();
      return rows.every(rests);
    },
    { timeoutMs: 60_000, intervalMs: 200, describe: () => JSON.stringify(rows.filter((row) => !rests(row))) },
  );
}

test("fast, immediate and killed: every acknowledged message is kept once and answered", async () => {
  const server: Server = { url: system.url, apiKey: system.apiKey };
  const attempts = { count: 0 };
  const clients = await openClients(server, attempts);
  for (const [round, signal] of RESTARTS.entries()) {
    await Promise.all(clients.map((client, index) => client.say(`HOLD ${round} of ${index}`)));
    await until(() => held() === SESSIONS, { timeoutMs: 60_000, describe: () => `${held()} sessions run` });
    const postgres = await system.pid("postgres");
    if (postgres === null) throw new Error("no Postgres");
    const before = attempts.count;
    // Some are on their way when it happens, the others come while it is away.
    const [early, late] = [clients.slice(0, SESSIONS / 2), clients.slice(SESSIONS / 2)];
    const sending = early.map((client, index) => client.say(`on its way ${round} of ${index}`));
    process.kill(postgres, signal);
    await until(() => !isAlive(postgres), { intervalMs: 5 });
    sending.push(...late.map((client, index) => client.say(`while it is away ${round} of ${index}`)));
    await Promise.all(sending);
    expect(attempts.count - before, "the SDK repeated some").toBeGreaterThan(SESSIONS / 2);
    expect(await system.pid("postgres")).not.toBe(postgres);
    await allRest();
  }

  const messages = await readMessages();
  const textsOf = (sessionId: string, echo: boolean) =>
    messages.filter((row) => row.session_id === sessionId && row.echo === echo).map(({ text }) => text);
  for (const { sessionId, said } of clients) {
    expect(said).toHaveLength(2 * RESTARTS.length);
    expect(textsOf(sessionId, false), "stored once").toEqual(said);
    expect(textsOf(sessionId, true), "entered the conversation once").toEqual(said);
  }
  const sessions = await readSessions();
  expect(sessions).toHaveLength(SESSIONS);
  for (const { id, reason } of sessions) expect(reason, id).toBe("end_turn");
}, 180_000);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
