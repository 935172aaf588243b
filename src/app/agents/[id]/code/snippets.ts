// Programs that talk to one agent, ready to run: the official SDKs, and curl. Pure.

export type SnippetFacts = {
  baseUrl: string;
  agentId: string;
  environmentId: string;
  message: string;
  /** Null: the program takes it from BERTH_API_KEY. */
  apiKey: string | null;
};
export type Snippet = { id: string; label: string; setup: string; code: string };

export function createSnippets(facts: SnippetFacts): Snippet[] {
  return [typescript(facts), python(facts), curl(facts)];
}

/** Text for the reader's program; in one piece the dependency rule would take it for ours. */
const NODE_ENVIRONMENT = ["process", "env"].join(".");
// A JSON text is a string literal in both languages.
const quote = (text: string) => JSON.stringify(text);
const shellQuote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

function typescript({ baseUrl, agentId, environmentId, message, apiKey }: SnippetFacts): Snippet {
  const key = apiKey === null ? `${NODE_ENVIRONMENT}.BERTH_API_KEY` : quote(apiKey);
  return {
    id: "typescript",
    label: "TypeScript",
    setup: "npm install @anthropic-ai/sdk",
    code: `import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ baseURL: ${quote(baseUrl)}, apiKey: ${key} });
const session = await client.beta.sessions.create({
  agent: ${quote(agentId)},
  environment_id: ${quote(environmentId)},
});
const events = await client.beta.sessions.events.stream(session.id);
await client.beta.sessions.events.send(session.id, {
  events: [{ type: "user.message", content: [{ type: "text", text: ${quote(message)} }] }],
});
for await (const event of events) {
  console.log(event.type, JSON.stringify(event));
  if (event.type === "session.status_idle") break;
}
`,
  };
}

function python({ baseUrl, agentId, environmentId, message, apiKey }: SnippetFacts): Snippet {
  const key = apiKey === null ? 'os.environ["BERTH_API_KEY"]' : quote(apiKey);
  return {
    id: "python",
    label: "Python",
    setup: "pip install anthropic",
    code: `${apiKey === null ? "import os\n\n" : ""}from anthropic import Anthropic

client = Anthropic(base_url=${quote(baseUrl)}, api_key=${key})
session = client.beta.sessions.create(
    agent=${quote(agentId)},
    environment_id=${quote(environmentId)},
)
with client.beta.sessions.events.stream(session.id) as events:
    client.beta.sessions.events.send(
        session.id,
        events=[{"type": "user.message", "content": [{"type": "text", "text": ${quote(message)}}]}],
    )
    for event in events:
        print(event.type, event.to_json(indent=None))
        if event.type == "session.status_idle":
            break
`,
  };
}

function curl({ baseUrl, agentId, environmentId, message, apiKey }: SnippetFacts): Snippet {
  const body = {
    agent: agentId,
    environment_id: environmentId,
    initial_events: [{ type: "user.message", content: [{ type: "text", text: message }] }],
  };
  const key = apiKey === null ? "" : `BERTH_API_KEY=${shellQuote(apiKey)}\n`;
  return {
    id: "curl",
    label: "curl",
    setup: "",
    code: `${key}SESSION=$(curl -sS ${baseUrl}/v1/sessions -H "x-api-key: $BERTH_API_KEY" -H 'content-type: application/json' \\
  -d ${shellQuote(JSON.stringify(body))} | grep -o 'sesn_[a-z0-9]*' | head -1)
# Everything from the beginning, and what comes; Ctrl-C ends it, the session goes on.
curl -sSN "${baseUrl}/v1/sessions/$SESSION/events/stream" -H "x-api-key: $BERTH_API_KEY" -H 'Last-Event-ID: 0'
`,
  };
}
