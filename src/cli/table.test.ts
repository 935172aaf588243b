// Lists line up, and ages are read at a glance.
import { expect, test } from "vitest";
import { age, renderTable } from "./table.ts";

test("columns are as wide as their longest cell, and nothing trails", () => {
  expect(
    renderTable(
      [
        ["ID", "NAME"],
        ["abcd", "x"],
        ["e", ""],
      ],
      null,
    ),
  ).toBe("ID    NAME\nabcd  x\ne\n");
});

test("a line that is too long for the terminal is cut, and says so", () => {
  expect(renderTable([["ab", "cdefgh"]], 8)).toBe("ab  cde…\n");
});

test.each([
  [-5_000, "0 s"],
  [59_999, "59 s"],
  [60_000, "1 min"],
  [7_200_000, "2 h"],
  [86_400_000 * 3, "3 d"],
])("%i ms are %s", (ms, text) => {
  expect(age(new Date(1_000_000_000_000 - ms).toISOString(), 1_000_000_000_000)).toBe(text);
});
