// A tool call says in one line what it does.
import { expect, test } from "vitest";
import { summarizeCall } from "./tool-summary.ts";

test.each([
  ["bash", { command: "npm test" }, "npm test"],
  ["bash", { command: "cd a\nls" }, "cd a ⏎ ls"],
  ["bash", { restart: true }, "restart the shell"],
  ["edit", { file_path: "/workspace/a.ts", old_string: "x", new_string: "y" }, "/workspace/a.ts"],
  ["grep", { pattern: "TODO", path: "src" }, "TODO"],
  ["weather", { city: "Oslo" }, '{"city":"Oslo"}'],
  ["now", {}, ""],
  ["bash", { command: 7 }, '{"command":7}'],
])("%s %j is %j", (name, input, summary) => expect(summarizeCall(name, input)).toBe(summary));

test("a long command is cut", () => {
  expect(summarizeCall("bash", { command: "x".repeat(1000) })).toHaveLength(200);
});
