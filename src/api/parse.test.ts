// Input is checked where it comes in, and what is wrong is told with its path.
import { expect, test } from "vitest";
import { z } from "zod";
import { checkInput, parseJson, parseQueryString } from "./parse.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each<[string, string, ReadonlySet<string>, object]>([
  ["brackets make a list", "?a[]=1&a[]=2", new Set(), { a: ["1", "2"] }],
  ["a list field is a list even when given once", "?a=1", new Set(["a"]), { a: ["1"] }],
  ["a list field may be repeated without brackets", "?a=1&a=2", new Set(["a"]), { a: ["1", "2"] }],
  ["escaped brackets are brackets", "?a%5B%5D=1", new Set(), { a: ["1"] }],
  ["a key in brackets nests", "?t[gte]=x&t[lt]=y", new Set(), { t: { gte: "x", lt: "y" } }],
  ["beta is left out", "?beta=true&a=1", new Set(), { a: "1" }],
  ["nothing gives nothing", "", new Set(), {}],
])("query: %s", (_what, search, lists, expected) => expect(parseQueryString(search, lists)).toEqual(expected));

test.each([
  ["a plain field twice", "?a=1&a=2", /^a: is given twice/],
  ["a NUL", "?a=%00", /^a: holds a NUL/],
])("query: %s is refused", (_what, search, message) =>
  expect(() => parseQueryString(search, new Set())).toThrow(message),
);

test("a query cannot reach the prototype of objects", () => {
  parseQueryString("?__proto__[polluted]=1&constructor[prototype]=1", new Set());
  expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
});

test.each([
  ["an empty body is an empty object", "", {}],
  ["JSON", '{"a":[1]}', { a: [1] }],
  ["a long text of what else begins values", JSON.stringify('[{,:"\\'.repeat(100_000)), '[{,:"\\'.repeat(100_000)],
])("body: %s", (_what, text, expected) => expect(parseJson(bytes(text))).toEqual(expected));

test.each([
  ["broken JSON", bytes("{"), /not valid JSON/],
  ["broken UTF-8", Uint8Array.of(0x22, 0xff, 0x22), /not valid JSON/],
  ["a NUL in a key", bytes('{"a":{"b\\u0000":1}}'), /^a: holds a NUL/],
  ["a lone surrogate deep inside", bytes('{"a":[{"b":"\\udc00"}]}'), /^a\.0\.b: holds half/],
  ["numbers without end", bytes(`[${"0,".repeat(15_000_000)}0]`), /^The body holds more than 100000 names and values/],
  ["lists without end", bytes(`{"a":[${"[],".repeat(10_000_000)}0]}`), /^The body holds more than 100000 names/],
  ["names without end", bytes(`{${'"":0,'.repeat(6_000_000)}"":0}`), /^The body holds more than 100000 names/],
  [
    "values behind a quote in a text",
    bytes(`["a\\\\",${'"\\"",'.repeat(200_000)}0]`),
    /^The body holds more than 100000 names/,
  ],
  ["nesting without end", bytes("[".repeat(100_000) + "]".repeat(100_000)), /nested more than 64/],
])("body: %s is refused", (_what, body, message) => expect(() => parseJson(body)).toThrow(message));

const schema = z.strictObject({
  id: z.union([z.string(), z.strictObject({ type: z.literal("ref"), id: z.string().max(3) })]),
  many: z.array(z.strictObject({ n: z.number() })).optional(),
});
test.each<[string, unknown, string]>([
  ["what is missing", {}, "id: is required"],
  [
    "the branch that was meant",
    { id: { type: "ref", id: "long" } },
    "id.id: Too big: expected string to have <=3 characters",
  ],
  ["an unknown field of the branch that was meant", { id: { type: "ref", id: "a", x: 1 } }, "id.x: unknown field"],
  [
    "the first three and how many more",
    { id: "a", many: [{}, {}, {}, {}, {}] },
    "many.0.n: is required; many.1.n: is required; many.2.n: is required; and 2 more",
  ],
])("problems: %s", (_what, value, message) => expect(() => checkInput(schema, value)).toThrow(message));
