// The table of attacks is what the tests are called, and every attack has an answer.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { attacks } from "../test/security/attacks.ts";
import { attackPage, findFaults, namedTests, testsIn } from "./attack-page.ts";

test("docs/security.md says what the tests say (npm run generate)", () => {
  const tests = namedTests();
  expect(findFaults(tests)).toEqual([]);
  expect(readFileSync(new URL("../docs/security.md", import.meta.url), "utf8")).toBe(attackPage(tests));
});

test("every id is there, in order", () => {
  const counts = { S: 19, R: 14, E: 21, C: 29, T: 16, F: 9, B: 12, K: 16 };
  const all = Object.entries(counts).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
  );
  expect(attacks.map(({ id }) => id)).toEqual(all);
});

test("a test is known by the ids that its name begins with", () => {
  const source = `
    it("S6, S7: a call", () => {});
    it.each([["E4: a \\"quoted\\" address", 1]])("%s", () => {});
    it('C1: one', () => {});
    it("S8 can fail: not a proof", () => {});
    it("about S9", () => {});`;
  expect(testsIn("a.test.ts", source).map(({ ids, name }) => [ids.join(), name])).toEqual([
    ["S6,S7", "a call"],
    ["E4", 'a "quoted" address'],
    ["C1", "one"],
  ]);
});

test("an id that nobody knows, and a proof that is not there, are told", () => {
  const faults = findFaults([{ file: "a.test.ts", ids: ["S99"], name: "x" }]);
  expect(faults).toContain('a.test.ts: "x" names S99, which is no attack');
  expect(faults).toContain("S1: no test carries it, and nothing says why");
});
