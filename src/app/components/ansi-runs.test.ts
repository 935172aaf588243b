// Colours of a terminal are shown; nothing else that a terminal would do happens, and nothing is hidden.
import { expect, test } from "vitest";
import { visibleOutput } from "../../lib/visible-text.ts";
import { ansiRuns } from "./ansi-runs.ts";

const ESC = "\u001b";
const all = (text: string) => ansiRuns(text, Number.POSITIVE_INFINITY);

test("colours and weights become styles", () => {
  expect(all(`${ESC}[1;31mFAIL${ESC}[0m two ${ESC}[92mok${ESC}[39m.`)).toEqual([
    { text: "FAIL", style: "text-danger font-semibold" },
    { text: " two ", style: "" },
    { text: "ok", style: "text-good" },
    { text: ".", style: "" },
  ]);
});

test.each([
  ["a cursor that goes back", `safe${ESC}[4D${ESC}[31mevil`],
  ["a title and a link", `${ESC}]0;owned\u0007a${ESC}]8;;http://evil.example${ESC}\\b${ESC}]8;;${ESC}\\`],
  ["concealed text", `${ESC}[8mhidden${ESC}[0m`],
  ["text in the colour of the page", `${ESC}[38;2;255;255;255mhidden`],
  ["bidi and invisible characters", `${ESC}[32ma\u202eb\u200bc${ESC}[0m`],
  ["HTML", `${ESC}[31m<img src=x onerror=alert(1)>`],
  ["carriage returns", `10%\r${ESC}[32m100%\r\ndone`],
  ["a sequence that is cut", `a${ESC}[3`],
  ["nonsense numbers", `${ESC}[999;38;5;999;48m${ESC}[;;;mtext`],
])("%s: the text is what visible output is", (_name, text) => {
  expect(
    all(text)
      .map((run) => run.text)
      .join(""),
  ).toBe(visibleOutput(text));
  expect(
    all(text)
      .map((run) => run.text)
      .join(""),
  ).not.toContain(ESC);
});

test("it is cut where the caller says", () => {
  expect(ansiRuns(`${ESC}[31mabc${ESC}[0mdef`, 4).map((run) => run.text)).toEqual(["abc", "d"]);
});
