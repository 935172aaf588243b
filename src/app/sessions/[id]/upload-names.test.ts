// A file's place in the sandbox is its own, and its name cannot lead anywhere else.
import { expect, test } from "vitest";
import { choosePaths, nameUploads, safeFileName } from "./upload-names.ts";

test.each([
  ["report.xlsx", "report.xlsx"],
  ["Überblick 2026.zip", "Überblick 2026.zip"],
  ["../../etc/passwd", "_.._etc_passwd"],
  ["..", "file"],
  ["-rf", "rf"],
  [".env", "env"],
  ["a\u202egpj.exe", "a_gpj.exe"],
  ["$(reboot).bin", "__reboot_.bin"],
  ["two\nlines", "two_lines"],
  [`${"x".repeat(300)}.tar.gz`, `${"x".repeat(100)}.gz`],
])("%j becomes %j", (name, safe) => expect(safeFileName(name)).toBe(safe));

test("no file takes the place of another", () => {
  expect(choosePaths(["a.bin", "a.bin", "b"], ["a.bin", "b"])).toEqual([
    "/workspace/uploads/a-2.bin",
    "/workspace/uploads/a-3.bin",
    "/workspace/uploads/b-2",
  ]);
});

test("the message names what was uploaded; without uploads it is as it was", () => {
  const content = [{ type: "text" as const, text: "Look" }];
  expect(nameUploads(content, [])).toEqual(content);
  expect(nameUploads(content, ["/workspace/uploads/a.bin"])).toEqual([
    ...content,
    { type: "text", text: "Uploaded into the sandbox:\n/workspace/uploads/a.bin" },
  ]);
});
