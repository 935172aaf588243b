// Colouring code changes no character of it.
import { expect, test } from "vitest";
import { highlight } from "./highlight.ts";

test.each([
  ["ts", 'const a: string = "x";\n\n// end\n'],
  ["python", "def f(x):\n    return f'{x}'\n"],
  ["sh", "echo \"$HOME\" | grep '<b>'\n"],
  ["json", '{"a": [1, null]}'],
  ["yml", "a:\n  - b # c"],
])("%s: the tokens together are the code", async (language, code) => {
  const tokens = await highlight(code, language);
  expect(tokens?.map(({ text }) => text).join("")).toBe(code);
  expect(tokens?.some(({ style }) => "--shiki-light" in style && "--shiki-dark" in style)).toBe(true);
});

test("a language that is not known stays plain", async () => {
  expect(await highlight("x", "klingon")).toBeNull();
  expect(await highlight("x", "__proto__")).toBeNull();
});
