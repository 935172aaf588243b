// Messages of the wire: right ones pass unchanged, wrong ones are refused with the field's name.
import { expect, test } from "vitest";
import { parseEnv, parseHealth, parseLine, parseOperation, parseResult, type WireOperation } from "./protocol.ts";

const operations: WireOperation[] = [
  { kind: "bash", command: "ls", timeoutMs: 5 },
  { kind: "bash", restart: true },
  { kind: "read", filePath: "a", viewRange: [1, -1] },
  { kind: "write", filePath: "a", content: "" },
  { kind: "edit", filePath: "a", oldString: "b", newString: "", replaceAll: true },
  { kind: "glob", pattern: "*" },
  { kind: "grep", pattern: "x", path: "src" },
];
test.each(operations)("operation $kind passes", (operation) => {
  expect(parseOperation(JSON.parse(JSON.stringify(operation)))).toEqual(operation);
});

test.each([
  [null, "operation"],
  [[], "operation"],
  [{ kind: "format" }, "kind"],
  [{ kind: "bash", command: 1 }, "command"],
  [{ kind: "bash", timeoutMs: "5" }, "timeoutMs"],
  [{ kind: "read" }, "filePath"],
  [{ kind: "read", filePath: "a", viewRange: [1] }, "viewRange"],
  [{ kind: "write", filePath: "a" }, "content"],
  [{ kind: "edit", filePath: "a", oldString: "b" }, "newString"],
  [{ kind: "glob", pattern: "*", path: null }, "path"],
])("operation %j is refused by its field", (operation, field) => {
  expect(() => parseOperation(operation)).toThrow(field);
});

test("results keep a null exit code apart from none", () => {
  const killed = { outcome: "failed", content: "", exitCode: null, durationMs: 1 } as const;
  expect(parseResult(killed)).toEqual(killed);
  const read = { outcome: "ok", content: "", image: { mediaType: "image/png", data: "aa" }, durationMs: 1 } as const;
  expect(parseResult(read)).toEqual(read);
  expect(() => parseResult({ outcome: "great", content: "", durationMs: 1 })).toThrow("outcome");
});

test("lines are output or the result", () => {
  expect(parseLine('{"output":{"offset":3,"base64":"eA=="}}')).toEqual({ output: { offset: 3, base64: "eA==" } });
  expect(parseLine('{"result":{"outcome":"ok","content":"","durationMs":0}}')).toHaveProperty("result");
  expect(() => parseLine('{"output":{"base64":"eA=="}}')).toThrow("offset");
  expect(() => parseLine("nonsense")).toThrow();
});

test("variables have names that shells know", () => {
  expect(parseEnv({ A_1: "x=y" })).toEqual({ A_1: "x=y" });
  for (const bad of [{ "A-B": "" }, { "": "" }, { "1A": "" }, { A: "x\0" }, { A: 1 }]) {
    expect(() => parseEnv(bad)).toThrow("env");
  }
});

test("health of a runner that lies about types is refused", () => {
  expect(() => parseHealth({ identity: "i", lastUsedAt: "now", runningOperations: 0 })).toThrow();
});
