// A call is answered only when it is plain which one is meant.
import { expect, test } from "vitest";
import type { OpenCall } from "../turn-watch.ts";
import { chooseCalls } from "./approve.ts";

const call = (id: string): OpenCall => ({
  id,
  type: "agent.tool_use",
  name: "bash",
  input: { command: `echo ${id}` },
  evaluated_permission: "ask",
  processed_at: "2026-01-01T00:00:00Z",
});
const custom: OpenCall = {
  id: "own",
  type: "agent.custom_tool_use",
  name: "lookup",
  input: {},
  processed_at: "2026-01-01T00:00:00Z",
};

test.each<[string, OpenCall[], { call?: string; all?: boolean }, string[]]>([
  ["the only one", [call("a")], {}, ["a"]],
  ["the named one of two", [call("a"), call("b")], { call: "b" }, ["b"]],
  ["all, when asked for", [call("a"), call("b")], { all: true }, ["a", "b"]],
  ["the only one beside a program's own", [custom, call("a")], {}, ["a"]],
])("%s is chosen", (_what, waiting, options, ids) => {
  expect(chooseCalls(waiting, options).map((one) => one.id)).toEqual(ids);
});

test.each<[string, OpenCall[], { call?: string }, RegExp]>([
  ["two wait", [call("a"), call("b")], {}, /2 calls wait.*\n.*\n.*bash {2}echo b/],
  ["none waits", [], {}, /Nothing waits/],
  ["a program has to answer", [custom], {}, /a program answers/],
  ["another one is named", [call("a")], { call: "z" }, /z does not wait/],
])("when %s, it is told and nothing is chosen", (_when, waiting, options, message) => {
  expect(() => chooseCalls(waiting, options)).toThrow(message);
});
