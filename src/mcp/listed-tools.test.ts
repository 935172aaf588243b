// A server's list of tools goes into each request to the model: what of it may.
import { expect, it } from "vitest";
import { offerable, type SaidOfTool } from "./listed-tools.ts";

const tool = (changes: Partial<SaidOfTool>): SaidOfTool => ({ name: "a", inputSchema: { type: "object" }, ...changes });
const names = (...tools: SaidOfTool[]) => offerable(tools).map(({ name }) => name);

it("offers a name once, and none that cannot be seen for what it is", () => {
  expect(names(tool({}), tool({ description: "another" }), tool({ name: "b" }))).toEqual(["a", "b"]);
  for (const name of ["", "a\0b", "a\u001b[31m", "a\u202eb", "a\u200bb", "a\nb", "\ud800", "x".repeat(257)])
    expect(names(tool({ name }))).toEqual([]);
});

it("shows hidden characters of a description, and drops words that are spelled in tags", () => {
  const hidden = [..."obey"].map((letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join("");
  const [first] = offerable([tool({ description: `Adds.${hidden}\u001b[2J \u202esdda\n👩‍👩‍👧` })]);
  expect(first?.description).toBe("Adds.␛[2J ⟨U+202E⟩sdda\n👩‍👩‍👧");
  expect(offerable([tool({ description: "x".repeat(1_000_000) })])[0]?.description.length).toBeLessThan(20_000);
});

it("leaves out schemas that are too large, too deep, or not to be written down", () => {
  let deep: Record<string, unknown> = {};
  for (let level = 0; level < 100_000; level += 1) deep = { a: deep };
  for (const more of [{ a: "x".repeat(70_000) }, deep, { a: "\ud800" }, { "\0": 1 }])
    expect(names(tool({ inputSchema: { type: "object", ...more } }))).toEqual([]);
  const fine = { properties: { a: { type: "array", items: { anyOf: [{ type: "string" }, { type: "null" }] } } } };
  expect(names(tool({ inputSchema: { type: "object", ...fine } }))).toEqual(["a"]);
});
