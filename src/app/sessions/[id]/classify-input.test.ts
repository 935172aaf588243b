// A diff is shown only when it hides nothing of the input.
import { expect, test } from "vitest";
import { classifyInput } from "./classify-input.ts";

const edit = { file_path: "/a", old_string: "x", new_string: "y" };

test.each<[string, string, Record<string, unknown>, string]>([
  ["a command is shown as typed", "bash", { command: "ls" }, "ls"],
  ["a restart is JSON", "bash", { restart: true }, '{\n  "restart": true\n}'],
  ["a field nobody knows", "edit", { ...edit, mode: "sudo" }, JSON.stringify({ ...edit, mode: "sudo" }, null, 2)],
  ["a wrong type", "write", { file_path: "/a", content: 3 }, JSON.stringify({ file_path: "/a", content: 3 }, null, 2)],
])("%s", (_name, tool, input, text) => {
  expect(classifyInput(tool, input)).toEqual({ kind: "text", text });
});

test("edits and new files are diffs", () => {
  expect(classifyInput("edit", { ...edit, replace_all: true })).toMatchObject({ kind: "edit", everywhere: true });
  expect(classifyInput("write", { file_path: "/a", content: "new" })).toMatchObject({ before: "", after: "new" });
});
