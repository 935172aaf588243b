// Dollars become whole cents without floats in between.
import { expect, test } from "vitest";
import { reachesAmount, toMonetaryAmount } from "./money.ts";

test.each([
  ["0", "0"],
  ["0.004", "0"],
  ["0.005", "1"],
  ["0.01", "1"],
  ["1", "100"],
  ["12.3", "1230"],
  ["12.345", "1235"],
  ["0.994999", "99"],
  ["0.995", "100"],
  ["90071992547409.93", "9007199254740993"],
])("%s dollars are %s cents", (usd, amount) => expect(toMonetaryAmount(usd)).toEqual({ amount, currency: "USD" }));

test.each([
  ["0.99", "100", false],
  ["0.999999", "100", false],
  ["1", "100", true],
  ["1.000001", "100", true],
  ["0", "0", true],
])("%s dollars against a limit of %s cents: %s", (usd, amount, reached) =>
  expect(reachesAmount(usd, { amount, currency: "USD" })).toBe(reached),
);
