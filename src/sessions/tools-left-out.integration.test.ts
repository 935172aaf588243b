// A real MCP server that describes more than goes into each request to the model: what is left out is told, once for the same tools.
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";
import { type McpWorld, startMcpWorld } from "../../test/support/mcp-world.ts";
import { createMemoryBackend } from "../../test/support/memory-backend.ts";
import { createScriptedModel, inTurn } from "../../test/support/scripted-model.ts";
import { createTurnWorld, type TurnWorld } from "../../test/support/turn-world.ts";
import type { McpAccess } from "./session-mcp.ts";

let world: TurnWorld;
let mcp: McpWorld;
let access: McpAccess;
/** Names of the server's tools, for connections that are made from then on; each has a schema of about 60 kB. */
let names: string[] = [];

beforeEach(async () => {
  world = await createTurnWorld();
  mcp = await startMcpWorld((server) => {
    for (const name of names)
      server.registerTool(name, { description: "", inputSchema: { a: z.enum(["x".repeat(60_000)]) } }, () => ({
        content: [],
      }));
  });
  access = {
    fetch: mcp.outside.fetch,
    bearers: { headerFor: async () => null, renewedFor: async () => null },
    scrubberFor: async () => (body) => body,
    ceiling: { type: "unrestricted" },
    version: "0",
  };
  const config = { type: "cloud", networking: { type: "unrestricted" } };
  await sql`update environments set config = ${JSON.stringify(config)}::jsonb`.execute(world.db);
});
afterEach(async () => {
  await world.dispose();
  await mcp.close();
});

test("tools beyond what a server may take of each request are left out, and told once until they are others", async () => {
  const model = createScriptedModel(inTurn({ text: "ok" }));
  await world.startWorker({ model, backend: createMemoryBackend(), mcp: access });
  const policy = { enabled: true, permission_policy: { type: "always_allow" as const } };
  const sessionId = await world.createSession({
    tools: [{ type: "mcp_toolset", mcp_server_name: "big", default_config: policy, configs: [] }],
    mcpServers: [{ type: "url", name: "big", url: mcp.url }],
  });
  const toldIn = async (text: string) => {
    await world.say(sessionId, text);
    const log = await world.settled(sessionId, { reason: "end_turn" });
    return log.flatMap(({ type, payload }) => (type === "session.error" ? [payload.error] : []));
  };
  const leftOut = (message: RegExp) => ({
    ...{ type: "unknown_error", mcp_server_name: "big", retry_status: { type: "retrying" } },
    message: expect.stringMatching(message),
  });

  names = ["a", "b", "c", "d", "e", "f"];
  const first = leftOut(/^MCP server big: 2 of its 6 tools are not offered.*: e, f\. .*mcp_toolset/);
  expect(await toldIn("one")).toEqual([first]);
  const offered = ["a", "b", "c", "d"].map((name) => `mcp__big__${name}`);
  expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(offered);
  expect(await toldIn("two")).toEqual([first]);
  expect(model.requests).toHaveLength(2);

  names = ["a", "b", "c", "d", "f"];
  const second = leftOut(/1 of its 5 tools is not offered.*: f\. /);
  expect(await toldIn("three")).toEqual([first, second]);

  names = ["a", "b"];
  expect(await toldIn("four")).toEqual([first, second]);
  expect(model.requests.at(-1)?.tools).toHaveLength(2);
});
