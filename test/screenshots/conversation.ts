// What the pictures of the README show: an agent that looked into a failing report, and asks before it changes something.
import type { BerthClient } from "../../src/client/berth.ts";
import type { Session } from "../../src/contract/sessions.ts";
import { until } from "../support/until.ts";

const files = {
  "report.sh": `#!/bin/sh
# Adds up yesterday's orders.
set -eu
awk -F, '{ sum += $2 } END { printf "%d orders, %.2f EUR\\n", NR, sum }' /srv/old/orders.csv
`,
  "orders.csv": "1001,49.90\n1002,12.50\n1003,230.00\n1004,8.75\n",
  "report.log": `02:00:01 report started
02:00:01 awk: cannot open "/srv/old/orders.csv" (No such file or directory)
02:00:01 report failed, exit 2
`,
};

/** Made by the demo model in a real sandbox; resolves with the session's id when the agent waits for an answer. */
export async function beginConversation(client: BerthClient): Promise<string> {
  const agent = await client.agents.create({
    name: "Report keeper",
    model: "demo",
    tools: [
      {
        type: "agent_toolset_20260401",
        default_config: { permission_policy: { type: "always_allow" } },
        configs: [{ name: "bash", permission_policy: { type: "always_ask" } }],
      },
    ],
  });
  const session = await client.sessions.create({ agent: agent.id, title: "Why did the nightly report fail?" });
  for (const [name, text] of Object.entries(files))
    await client.files.write(session.id, `/workspace/${name}`, new TextEncoder().encode(text));
  await say(
    client,
    session.id,
    "The nightly report failed. What does `cat report.log` say, and where does `grep -n csv report.sh` look?",
  );
  for (let answered = 0; answered < 2; answered++) await allow(client, session.id);
  await at(client, session.id, "end_turn");
  await say(
    client,
    session.id,
    "The orders moved here. Please fix it and try: `sed -i s,/srv/old/,./, report.sh && sh report.sh`",
  );
  await at(client, session.id, "requires_action");
  return session.id;
}

async function say(client: BerthClient, sessionId: string, text: string): Promise<void> {
  await client.events.send(sessionId, [{ type: "user.message", content: [{ type: "text", text }] }]);
}

async function allow(client: BerthClient, sessionId: string): Promise<void> {
  const { stop_reason: reason } = await at(client, sessionId, "requires_action");
  const [call] = reason?.type === "requires_action" ? reason.event_ids : [];
  if (call === undefined) throw new Error("No call waits");
  await client.events.send(sessionId, [{ type: "user.tool_confirmation", tool_use_id: call, result: "allow" }]);
}

/** Waits until the turn has come to rest in this way. */
function at(client: BerthClient, sessionId: string, reason: string): Promise<Session> {
  return until(async () => {
    const session = await client.sessions.get(sessionId);
    return session.status === "idle" && session.stop_reason?.type === reason ? session : null;
  });
}
