// Colouring code changes no character of it.
import { expect, test, vi } from "vitest";
import { highlight } from "./highlight.ts";

// The patterns of a language are compiled first.
vi.setConfig({ testTimeout: 60_000 });

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

test("a line is not cut short where the machine is slow: each word has a colour of its own", async () => {
  const date = Date.now;
  let now = 0;
  // Each look at the clock is that much later; there are some dozens of them in a line.
  Date.now = () => (now += 100);
  try {
    const tokens = await highlight("export const add = (a: number) => a + 1; // sum", "ts");
    expect(now).toBeGreaterThan(1_000);
    const colours = new Set(tokens?.map(({ style }) => style["--shiki-light"]));
    expect(colours.size).toBeGreaterThan(3);
    expect(tokens?.at(-1)?.text).toContain("// sum");
  } finally {
    Date.now = date;
  }
});
