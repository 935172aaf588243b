// Pieces of a long markdown text are the text: nothing is lost, no code is torn open, none is too large.
import fc from "fast-check";
import { expect, test } from "vitest";
import { toMarkdownPieces } from "./markdown-pieces.ts";

const paragraphs = (count: number) =>
  Array.from({ length: count }, (_, index) => `Paragraph ${index} of many.\n\n`).join("");

test("a text that is not long is one piece", () => {
  const text = paragraphs(500);
  expect(toMarkdownPieces(text)).toEqual([{ start: 0, text }]);
});

test("a long one is cut between paragraphs", () => {
  const text = paragraphs(5_000);
  const pieces = toMarkdownPieces(text);
  expect(pieces.length).toBeGreaterThan(5);
  expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  expect(pieces.every((piece) => piece.text.startsWith("Paragraph") && piece.text.length < 14_000)).toBe(true);
});

test("code that is longer than a piece is code in each of them, in its language", () => {
  const text = `${paragraphs(400)}\`\`\`ts\n${"const a = 1;\n\n".repeat(5_000)}\`\`\`\n\nAfter it.\n`;
  const pieces = toMarkdownPieces(text);
  const inside = pieces.slice(1, -1);
  expect(inside.length).toBeGreaterThan(1);
  for (const piece of inside) {
    expect(piece.text.startsWith("```ts\nconst")).toBe(true);
    expect(piece.text.trimEnd().endsWith("\n```")).toBe(true);
  }
  expect(pieces.at(-1)?.text).toContain("After it.");
  for (const { text: piece } of pieces)
    expect(piece.match(/^```/gm)?.length ?? 0).toSatisfy((count: number) => count % 2 === 0);
});

test("what looks like a fence inside of another is text", () => {
  const text = `~~~md\n${"```\nstill inside\n\n".repeat(3_000)}~~~\n`;
  for (const piece of toMarkdownPieces(text)) expect(piece.text.startsWith("~~~md\n")).toBe(true);
});

test("any text: every character is in the piece that begins before it, none is lost", () => {
  const part = fc.oneof(
    fc.constantFrom("\n", "\n\n", "```\n", "```ts\n", "~~~\n", "🎉🎉🎉", "word word ", "x".repeat(90)),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
      const text = parts.join("");
      const pieces = toMarkdownPieces(text, 20);
      expect(pieces[0]?.start).toBe(0);
      for (const [index, piece] of pieces.entries()) {
        const end = pieces[index + 1]?.start ?? text.length;
        expect(piece.text).toContain(text.slice(piece.start, end));
        expect(end - piece.start).toBeLessThanOrEqual(40);
        expect(text.slice(piece.start, end).isWellFormed()).toBe(text.isWellFormed());
      }
    }),
    { numRuns: 1_000 },
  );
});

test("a text that grows keeps the pieces that are full", () => {
  const text = paragraphs(5_000);
  const before = toMarkdownPieces(text.slice(0, 60_000));
  const after = toMarkdownPieces(text);
  expect(after.slice(0, before.length - 1)).toEqual(before.slice(0, -1));
});
