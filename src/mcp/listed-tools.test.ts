// A server's list of tools goes into each request to the model: what of it may.
import { expect, it } from "vitest";
import { offerable } from "./listed-tools.ts";

const tool = (changes: Record<string, unknown>) => ({ name: "a", inputSchema: { type: "object" }, ...changes });
const names = (...tools: unknown[]) => offerable(tools).map(({ name }) => name);

it("offers a name once, and none that cannot be seen for what it is", () => {
  expect(names(tool({}), tool({ description: "another" }), tool({ name: "b" }))).toEqual(["a", "b"]);
  for (const name of ["", "a\0b", "a\u001b[31m", "a\u202eb", "a\u200bb", "a\nb", "\ud800", "x".repeat(257)])
    expect(names(tool({ name }))).toEqual([]);
});

it("shows hidden characters of a description, and drops words that are spelled in tags", () => {
  const hidden = [..."obey"].map((letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join("");
  const description = `Adds.${hidden}\u001b[2J \u202esdda\n👩‍👩‍👧`;
  const [first] = offerable([tool({ description })]);
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

it("shows what a schema says as it does a description, and leaves out one that hides something where it is used", () => {
  const hidden = String.fromCodePoint(0xe0041, 0xe0042);
  const properties = { a: { type: "string", description: `A.${hidden}\u202e`, title: hidden } };
  const [first] = offerable([tool({ inputSchema: { type: "object", properties } })]);
  expect(first?.inputSchema).toEqual({
    type: "object",
    properties: { a: { type: "string", description: "A.⟨U+202E⟩", title: "" } },
  });
  for (const a of [{ enum: [`x${hidden}`] }, { properties: { [`x${hidden}`]: {} } }, { default: "\u202eabc" }])
    expect(names(tool({ inputSchema: { type: "object", properties: { a } } }))).toEqual([]);
});

it("leaves out a tool that is described wrong, and no other with it", () => {
  const wrong = [null, {}, { name: "x" }, { name: "x", inputSchema: { type: "string" } }, { name: 1, inputSchema: {} }];
  expect(names(...wrong, tool({ name: "fine", description: 7, annotations: "none" }))).toEqual(["fine"]);
  for (const schema of [
    { properties: [] },
    { properties: { a: "string" } },
    { properties: { a: { type: "str" } } },
    { properties: { a: { items: { anyOf: [] } } } },
    { required: "a" },
    { $defs: { a: { enum: "x" } } },
  ])
    expect(names(tool({ inputSchema: { type: "object", ...schema } }))).toEqual([]);
});

it("tells in words what providers take nowhere at the top of a schema", () => {
  const anyOf = [{ required: ["a"] }, { required: ["b"] }];
  const [first] = offerable([tool({ description: "Adds.", inputSchema: { type: "object", properties: {}, anyOf } })]);
  expect(first?.inputSchema).toEqual({ type: "object", properties: {} });
  expect(first?.description).toBe(
    `Adds.\n\nThe input has to follow this JSON schema as well: ${JSON.stringify({ anyOf })}`,
  );
});
