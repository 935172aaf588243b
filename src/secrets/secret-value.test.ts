import { expect, it, test } from "vitest";
import { secretProblem } from "./secret-value.ts";

test.each([
  ["short", "seven77", "at least 8"],
  ["empty", "", "at least 8"],
  ["a CR", "abcdefgh\rijkl", "line break"],
  ["an LF at the end", "ghp_abcdefgh123\n", "line break"],
  ["a header smuggled in", "x-abcdef\r\nHost: evil", "line break"],
  ["a NUL", "abcd\u0000efgh1", "control character"],
  ["a C1 control", "abcd\u0085efgh1", "control character"],
  ["a space in front", " ghp_abcdefgh123", "space"],
  ["a common word", "PassWord", "common word"],
  ["another", "changeme", "common word"],
  ["one letter", "xxxxxxxxxxxx", "common word"],
  ["two letters", "--==--==--==", "common word"],
  ["a placeholder", `berth_placeholder_${"a1".repeat(16)}`, "placeholder"],
  ["endless", "ab1".repeat(6000), "at most 16384"],
  ["beyond ASCII", "пароль-1234", "printable ASCII"],
])("C11, C29: refused: %s", (_what, value, why) => expect(secretProblem(value, { inHeader: true })).toContain(why));

it("takes what services give out", () => {
  for (const value of [
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "sk-proj-abc_DEF-123",
    "a pass phrase of four words",
  ])
    expect(secretProblem(value, { inHeader: true })).toBeNull();
  expect(secretProblem("пароль-1234", { inHeader: false })).toBeNull();
});

it("never repeats the value", () => {
  for (const value of ["hunter2", "changeme", " spaced-canary", "canary\nline"])
    expect(secretProblem(value, { inHeader: true })).not.toContain(value.trim());
});
