// Whatever an agent or a session is called, a spreadsheet shows it and runs nothing.
import Papa from "papaparse";
import { expect, test } from "vitest";
import { toCsv } from "./to-csv.ts";

test.each([
  ["plain", "plain"],
  ['say "hi", twice', 'say "hi", twice'],
  ["two\r\nlines", "two\r\nlines"],
  ['=HYPERLINK("http://evil","x")', `'=HYPERLINK("http://evil","x")`],
  ["+1", "'+1"],
  ["-1", "'-1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["\t=1", "'\t=1"],
  ["\r=1", "'\r=1"],
  ["＝1", "'＝1"],
  ["", ""],
])("%j is read back as %j", (cell, expected) => {
  const text = toCsv(["name", "n"], [[cell, -1.5]]);
  expect(Papa.parse<string[]>(text).data.slice(0, 2)).toEqual([
    ["name", "n"],
    [expected, "-1.5"],
  ]);
});
