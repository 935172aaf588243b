// Pieces are the whole text, each small enough, cut where nothing breaks.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countLines, endOfPiece, nextStep, pieceAround, toPieces } from "./text-pieces.ts";

const FIRST = { lines: 60, characters: 12_000 };
const STEP = { lines: 2_000, characters: 100_000 };
const whole = (text: string) => toPieces(text, endOfPiece(text, 0, FIRST), text.length);

describe("the first piece", () => {
  test.each([
    ["a short text", "one\ntwo", 7],
    ["a text that ends with its last line", "one\ntwo\n", 8],
    ["nothing", "", 0],
    ["60 lines exactly", "a\n".repeat(60), 120],
    ["more lines", "a\n".repeat(100), 120],
    ["one long line", "x".repeat(1_000_000), 12_000],
    ["a short line before a long one", `short\n${"x".repeat(1_000_000)}`, 12_000],
    ["long lines", `${"x".repeat(7_000)}\n${"y".repeat(7_000)}\nend`, 7_001],
  ])("of %s", (_what, text, end) => expect(endOfPiece(text, 0, FIRST)).toBe(end));

  test("never ends inside of a character or of a colour", () => {
    const emoji = `${"x".repeat(11_999)}🎉${"y".repeat(100)}`;
    expect(endOfPiece(emoji, 0, FIRST)).toBe(11_999);
    const colour = `${"x".repeat(11_997)}\u001b[1;31mred`;
    expect(endOfPiece(colour, 0, FIRST)).toBe(11_997);
    const before = `${"x".repeat(11_990)}\u001b[31m${"y".repeat(100)}`;
    expect(endOfPiece(before, 0, FIRST)).toBe(12_000);
  });
});

test("pieces of any text, put together, are the text", () => {
  const text = fc.array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom("\n", "\u001b[31m", "🎉", "x".repeat(20_000), "line\n".repeat(500)),
    ),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(text, (parts) => {
      const all = parts.join("");
      const pieces = whole(all);
      expect(pieces.map(({ start, end }) => all.slice(start, end)).join("")).toBe(all);
      expect(pieces.every(({ start, end }) => end - start <= 16_000)).toBe(true);
      expect(pieces.every(({ start, goesOn }) => goesOn === (start > 0 && all[start - 1] !== "\n"))).toBe(true);
    }),
  );
});

test("a piece stays what it is when more is shown", () => {
  const text = "some words in a line\n".repeat(20_000);
  const first = endOfPiece(text, 0, FIRST);
  const second = nextStep(text, first, STEP);
  const third = nextStep(text, second, STEP);
  expect(second).toBeGreaterThan(first);
  expect(second).toBeLessThanOrEqual(first + 100_000 + 16_000);
  const before = toPieces(text, first, second);
  expect(toPieces(text, first, third).slice(0, before.length)).toEqual(before);
});

test("steps come to the end of any text", () => {
  for (const text of ["x".repeat(1_000_000), "a\n".repeat(100_000), `${"x".repeat(500_000)}\n`.repeat(3)]) {
    let steps = 0;
    for (let shown = endOfPiece(text, 0, FIRST); shown < text.length; steps++) {
      const next = nextStep(text, shown, STEP);
      expect(next).toBeGreaterThan(shown);
      shown = next;
    }
    // One more step than the larger of both limits asks for.
    expect(steps).toBeLessThanOrEqual(Math.max(text.length / STEP.characters, countLines(text, 0) / STEP.lines) + 1);
  }
});

test("around a place far inside are its lines, or some of a line that is longer than that", () => {
  const lines = `${"before\n".repeat(1_000)}the needle\n${"after\n".repeat(1_000)}`;
  const { start, end, goesOn } = pieceAround(lines, lines.indexOf("needle"));
  expect(lines.slice(start, end)).toMatch(/^before\n(?:.|\n)*the needle\n(?:.|\n)*after\n$/);
  expect([goesOn, end - start < 1_400]).toEqual([false, true]);
  const line = `${"x".repeat(50_000)}needle${"y".repeat(50_000)}`;
  const inside = pieceAround(line, 50_000);
  expect(line.slice(inside.start, inside.end)).toContain("needle");
  expect([inside.goesOn, inside.end - inside.start]).toEqual([true, 1_200]);
});

test.each([
  ["", 0, 0],
  ["one", 0, 1],
  ["one\n", 0, 1],
  ["one\ntwo", 0, 2],
  ["one\ntwo\n", 4, 1],
  ["one\ntwo", 7, 0],
])("lines of %j from %i on: %i", (text, from, expected) => expect(countLines(text, from)).toBe(expected));
