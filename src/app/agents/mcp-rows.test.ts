// Editing MCP servers in a form changes what it shows and keeps the rest; what is sent, the API takes.
import { expect, test } from "vitest";
import { type Agent, createAgentInput } from "../../contract/agents.ts";
import { findMcpProblem } from "../../contract/mcp-servers.ts";
import { newAgentDraft, toDraft, toNewInput, toUpdate } from "./agent-draft.ts";
import { findMcpRowProblem, fromMcpRows, type McpRow, toMcpRows } from "./mcp-rows.ts";

const ask = { type: "always_ask" } as const;
const row = (changes: Partial<McpRow> = {}): McpRow => ({
  ...{ name: "tracker", url: "https://mcp.example.com/mcp", policy: "always_ask", was: null },
  ...changes,
});
const agent = {
  ...{ name: "A", description: null, model: { id: "m" }, system: null, metadata: {} },
  mcp_servers: [{ type: "url", name: "tracker", url: "https://mcp.example.com/mcp" }],
  tools: [
    {
      type: "mcp_toolset",
      mcp_server_name: "tracker",
      default_config: { enabled: false, permission_policy: ask },
      configs: [{ name: "search", enabled: true, permission_policy: { type: "auto" } }],
    },
  ],
} as unknown as Agent;

test("a new server is sent with its toolset, as the API wants both", () => {
  const input = toNewInput(
    { ...newAgentDraft, name: "N", model: "m", mcpServers: [row(), row({ name: "", url: "" })] },
    null,
  );
  expect(createAgentInput.safeParse(input).error).toBeUndefined();
  expect(findMcpProblem({ mcp_servers: input.mcp_servers, tools: input.tools })).toBeNull();
  expect(input.mcp_servers).toEqual([{ type: "url", name: "tracker", url: "https://mcp.example.com/mcp" }]);
});

test("rules for single tools outlive another name and another policy", () => {
  expect(toMcpRows(agent)).toEqual([row({ was: "tracker" })]);
  const { toolsets } = fromMcpRows([row({ name: "issues", policy: "always_allow", was: "tracker" })], agent);
  expect(toolsets).toEqual([
    {
      type: "mcp_toolset",
      mcp_server_name: "issues",
      default_config: { enabled: false, permission_policy: { type: "always_allow" } },
      configs: [{ name: "search", enabled: true, permission_policy: { type: "auto" } }],
    },
  ]);
});

test("an edit that changes nothing sends what was there, and a server that is removed goes with its toolset", () => {
  const same = toUpdate(toDraft(agent), agent);
  expect([same.mcp_servers, same.tools]).toEqual([agent.mcp_servers, agent.tools]);
  const without = toUpdate({ ...toDraft(agent), mcpServers: [] }, agent);
  expect([without.mcp_servers, without.tools]).toEqual([[], []]);
});

test.each<[string, McpRow[], RegExp]>([
  ["no name", [row({ name: " " })], /name/],
  ["a name twice", [row(), row()], /twice/],
  ["no address", [row({ url: "" })], /is not a URL/],
  ["plain HTTP", [row({ url: "http://mcp.example.com" })], /https/],
])("told before it is sent: %s", (_, rows, message) => {
  expect(findMcpRowProblem(rows)).toMatch(message);
});
