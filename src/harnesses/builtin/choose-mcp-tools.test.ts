// What MCP servers' tools may take of each request to the model, and what is left out then.
import { expect, test } from "vitest";
import type { OfferedMcpTool } from "../harness.ts";
import { chooseMcpTools } from "./choose-mcp-tools.ts";

/** About so many thousand bytes. */
const tool = (server: string, name: string, kilobytes: number, filler = "x"): OfferedMcpTool => ({
  ...{ server, name, modelName: `mcp__${server}__${name}`, description: "" },
  inputSchema: { type: "object", enum: [filler.repeat((kilobytes * 1_000) / Buffer.byteLength(filler))] },
});
const many = (server: string, count: number, kilobytes: number) =>
  Array.from({ length: count }, (_, index) => tool(server, `t${index}`, kilobytes));
const sizeOf = (specs: unknown) => Buffer.byteLength(JSON.stringify(specs));
const namesOf = (tools: readonly OfferedMcpTool[]) => tools.map(({ name }) => name);

test("all that servers with modest tools have is offered, and nothing told", () => {
  const tools = [...many("a", 200, 1), ...many("b", 56, 1)];
  const { specs, leftOut } = chooseMcpTools(tools, 256);
  expect(specs.map(({ name }) => name)).toEqual(tools.map(({ modelName }) => modelName));
  expect(leftOut).toEqual([]);
});

test("of a server's tools 256 kB are offered, the first ones", () => {
  const tools = many("a", 256, 60);
  const { specs, leftOut } = chooseMcpTools(tools, 256);
  expect(specs.map(({ name }) => name)).toEqual(tools.slice(0, 4).map(({ modelName }) => modelName));
  expect(leftOut).toEqual([{ server: "a", names: namesOf(tools.slice(4)), enabled: 256 }]);
});

test("of all servers' tools 512 kB are offered, and a small server behind large ones has its place where it fits", () => {
  const tools = ["a", "b", "c"].flatMap((server) => many(server, 10, 60));
  const { specs, leftOut } = chooseMcpTools([...tools, ...many("d", 2, 5)], 256);
  expect(specs.map(({ name }) => name.split("__")[1])).toEqual([..."aaaabbbb", ..."dd"]);
  expect(sizeOf(specs)).toBeLessThan(513_000);
  expect(leftOut.map(({ server, names }) => [server, names.length])).toEqual([
    ["a", 6],
    ["b", 6],
    ["c", 10],
  ]);
});

test("one that does not fit takes none with it that does", () => {
  const { specs, leftOut } = chooseMcpTools([...many("a", 4, 60), tool("a", "large", 50), tool("a", "small", 1)], 256);
  expect(specs.at(-1)?.name).toBe("mcp__a__small");
  expect(leftOut).toEqual([{ server: "a", names: ["large"], enabled: 6 }]);
});

test("it is bytes that are counted, and of a description only what is sent", () => {
  expect(chooseMcpTools([tool("a", "t", 250, "語")], 256).leftOut).toEqual([]);
  expect(chooseMcpTools([tool("a", "t", 260, "語")], 256).leftOut).toHaveLength(1);
  const wordy = many("a", 20, 1).map((one) => ({ ...one, description: "x".repeat(80_000) }));
  const { specs, leftOut } = chooseMcpTools(wordy, 256);
  expect(leftOut).toEqual([]);
  expect(specs[0]?.description).toHaveLength(10_000);
});

test("beyond the most that there may be, tools are left out as well, and told", () => {
  const tools = [...many("a", 3, 1), ...many("b", 3, 1)];
  const { specs, leftOut } = chooseMcpTools(tools, 4);
  expect(specs).toHaveLength(4);
  expect(leftOut).toEqual([{ server: "b", names: ["t1", "t2"], enabled: 3 }]);
});
