// No two tools of an agent have one name for its model.
import fc from "fast-check";
import { expect, it } from "vitest";
import { modelToolName } from "./tool-names.ts";

const free = () => false;

it.each([
  ["github", "create_issue", "mcp__github__create_issue"],
  ["a", "_b", "mcp__a___b"],
  ["My Server", "do it", /^mcp__My_Server__do_it_[0-9a-f]{8}$/],
  ["a_", "b", /^mcp__a___b_[0-9a-f]{8}$/],
  ["a__b", "c", /^mcp__a__b__c_[0-9a-f]{8}$/],
  ["s".repeat(255), "t", /^mcp__s{50}_[0-9a-f]{8}$/],
])("%s, %s: %s", (server, tool, name) => {
  expect(modelToolName(server, tool, free)).toMatch(name instanceof RegExp ? name : new RegExp(`^${name}$`));
});

it("gives way to a name that is taken", () => {
  expect(modelToolName("a", "b", (name) => name === "mcp__a__b")).toMatch(/^mcp__a__b_[0-9a-f]{8}$/);
});

it("gives way when a server has called another tool what the hash would give", () => {
  const taken = new Set(["mcp__a__b"]);
  taken.add(modelToolName("a", "b", (name) => taken.has(name)));
  const third = modelToolName("a", "b", (name) => taken.has(name));
  expect(taken.has(third)).toBe(false);
});

it("is another for each pair, and one that every provider takes", () => {
  const part = fc.string({ unit: fc.constantFrom("a", "b", "_", "-", " ", "é"), minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(fc.uniqueArray(fc.tuple(part, part), { selector: (pair) => JSON.stringify(pair) }), (pairs) => {
      const names = pairs.map(([server, tool]) => modelToolName(server, tool, free));
      expect(new Set(names).size).toBe(pairs.length);
      for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    }),
  );
});
