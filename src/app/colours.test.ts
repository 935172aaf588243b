// The dashboard's colours are tokens of one file: nothing else names one.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const COLOUR = /#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})\b(?!\()|\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\(|\bcolor\(/gi;
/** Tailwind's own palette, which has no dark side. */
const PALETTE =
  /\b(?:bg|text|border|fill|stroke|outline|ring|from|to|via|divide|decoration|accent|caret)-(?:black|white|(?:slate|gray|zinc|neutral|stone|red|orange|amber|yellow|lime|green|emerald|teal|cyan|sky|blue|indigo|violet|purple|fuchsia|pink|rose)-\d{2,3})\b/g;

test("a colour outside of globals.css is found", () => {
  expect(coloursIn('const dot = "#4a78e0"; background: rgb(0 0 0 / 45%)')).toEqual(["#4a78e0", "rgb("]);
  expect(coloursIn('className="bg-white text-red-500 text-teal"')).toEqual(["bg-white", "text-red-500"]);
  expect(coloursIn('this.#add(item); href="#room"; "#" + id')).toEqual([]);
});

test("no source of the dashboard but globals.css names a colour", () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => /\.(tsx?|css)$/.test(file) && !/(^globals\.css|\.test\.tsx?)$/.test(file));
  expect(sources.length).toBeGreaterThan(100);
  const found = sources.flatMap((file) =>
    coloursIn(readFileSync(join(import.meta.dirname, file), "utf8")).map((colour) => `${file}: ${colour}`),
  );
  expect(found).toEqual([]);
});

function coloursIn(source: string): string[] {
  return [...(source.match(COLOUR) ?? []), ...(source.match(PALETTE) ?? [])];
}
