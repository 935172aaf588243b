// A session through everything: `npm start`, a real LiteLLM proxy in front of a scripted provider, a sandbox, the official SDK.
import type Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Litellm, litellmMissing, startLitellm } from "../support/litellm.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { type ScriptedProvider, startScriptedProvider } from "../support/scripted-provider.ts";
import { type System, startSystem } from "../support/system.ts";

const missing = (await litellmMissing()) ?? sandboxesMissing();
if (missing !== null) console.warn(`SKIPPED: a session through the real gateway. ${missing}`);

describe.skipIf(missing !== null)("a session through the real LiteLLM proxy", () => {
  let provider: ScriptedProvider;
  let litellm: Litellm;
  let system: System;
  let client: Anthropic;

  beforeAll(async () => {
    provider = await startScriptedProvider();
    litellm = await startLitellm({ upstreamUrl: provider.url });
    system = await startSystem({ env: { LITELLM_GATEWAY_URL: litellm.url, LITELLM_API_KEY: litellm.masterKey } });
    client = system.client();
  });
  afterAll(async () => {
    await system?.dispose();
    await litellm?.stop();
    await provider?.stop();
  });

  test.each([
    // Per million tokens the proxy is configured with $1 and $2, or $3 and $15: two requests of 100 and 20 tokens.
    { model: "fake-oai", usd: "0.00028" },
    { model: "fake-anth", usd: "0.0012" },
  ])(
    "$model calls a tool in the sandbox, streams its answer, and the session tells tokens and cost",
    async ({ model, usd }) => {
      provider.reset();
      const agent = await client.beta.agents.create({
        name: model,
        model,
        tools: [{ type: "agent_toolset_20260401" }],
      });
      const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
      const session = await client.beta.sessions.create({ agent: agent.id, environment_id });
      const stream = await client.beta.sessions.events.stream(session.id, { event_deltas: ["agent.message"] });
      const text = "RUNCMD[echo from-$((40+2)) > note; cat note; uname -s]";
      await client.beta.sessions.events.send(session.id, {
        events: [{ type: "user.message", content: [{ type: "text", text }] }],
      });

      type StreamedEvent = typeof stream extends AsyncIterable<infer Event> ? Event : never;
      const events: StreamedEvent[] = [];
      for await (const event of stream) {
        events.push(event);
        if (event.type === "session.status_idle") break;
      }
      const ofType = <T extends StreamedEvent["type"]>(type: T) =>
        events.filter((event): event is Extract<StreamedEvent, { type: T }> => event.type === type);

      const [call] = ofType("agent.tool_use");
      expect(call).toMatchObject({ name: "bash", evaluated_permission: "allow" });
      expect(ofType("agent.tool_result")).toMatchObject([
        { tool_use_id: call?.id, is_error: false, content: [{ type: "text", text: "from-42\nLinux" }], exit_code: 0 },
      ]);
      const answer = ofType("agent.message").at(-1);
      expect(answer?.content).toMatchObject([
        { type: "text", text: "Final answer: the tool returned: from-42\nLinux" },
      ]);
      const pieces = ofType("event_delta").filter((event) => event.event_id === answer?.id);
      const previewed = pieces.map(({ delta }) => (delta.content.type === "text" ? delta.content.text : "")).join("");
      expect(previewed).toBe("Final answer: the tool returned: from-42\nLinux");
      expect(ofType("session.status_idle").at(-1)?.stop_reason.type).toBe("end_turn");

      expect(ofType("span.model_request_end")).toMatchObject([
        { is_error: false, model_usage: { input_tokens: 100, output_tokens: 20 } },
        { is_error: false, model_usage: { input_tokens: 100, output_tokens: 20 } },
      ]);
      const { usage } = await client.beta.sessions.retrieve(session.id);
      // `list_cost_usd` is Berth's own: the API's amount is in whole cents.
      expect(usage).toMatchObject({
        input_tokens: 200,
        output_tokens: 40,
        list_cost: { amount: "0", currency: "USD" },
        list_cost_usd: usd,
      });
      expect(provider.chats).toHaveLength(2);
    },
  );
});
