// A piece of a terminal's output looks as it would after everything before it.
import { expect, test } from "vitest";
import { looksAfter } from "./ansi-looks.ts";
import { ansiRuns } from "./ansi-runs.ts";

const red = "\u001b[31m";
const bold = "\u001b[1m";
const reset = "\u001b[0m";

test.each([
  ["plain text", "", "words", ""],
  ["a colour", "", `a ${red}b`, red],
  ["a colour that was reset", "", `a ${red}b${reset}c`, ""],
  ["the short form of a reset", red, "\u001b[m", ""],
  ["two looks", red, `${bold}x`, red + bold],
  ["a reset that begins another look", red, "\u001b[0;32mgreen", "\u001b[0;32m"],
  ["a colour from before", red, "still red", red],
  ["other sequences", red, "\u001b[2K\u001b]0;title\u0007", red],
])("%s", (_what, before, text, expected) => expect(looksAfter(before, text)).toBe(expected));

test("a text drawn in two pieces looks like the text drawn whole", () => {
  const text = `${red}one ${bold}two${reset} three \u001b[0;32mfour\u001b[39m five`;
  const whole = ansiRuns(text, 1_000).flatMap(({ text: part, style }) => [...part].map((letter) => letter + style));
  for (let cut = 0; cut <= text.length; cut++) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: not inside of a sequence
    if (/\u001b(\[[0-9;]*)?$/.test(text.slice(0, cut))) continue;
    const pieces = [text.slice(0, cut), looksAfter("", text.slice(0, cut)) + text.slice(cut)];
    const drawn = pieces.flatMap((piece) =>
      ansiRuns(piece, 1_000).flatMap(({ text: part, style }) => [...part].map((letter) => letter + style)),
    );
    expect(drawn).toEqual(whole);
  }
});

test("a text that never stops changing its looks is no reason to remember all of it", () => {
  expect(looksAfter("", red.repeat(100_000)).length).toBeLessThan(1_000);
});
