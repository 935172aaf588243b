// Cost is the gateway's figure, an honest estimate, or unknown.
import { expect, test } from "vitest";
import { costOf, decimalUsd } from "./cost.ts";

const usage = { inputTokens: 20, outputTokens: 20, cacheReadTokens: 80, cacheCreationTokens: 0, reasoningTokens: 0 };
const prices = { input: 0.000001, output: 0.000002, cacheRead: 0.0000001, cacheCreation: null };

test("the gateway's figure is taken as it is", () =>
  expect(costOf(usage, 0.00014, prices)).toEqual({ usd: "0.00014", source: "gateway" }));

test("a free answer of the gateway is zero, not unknown", () =>
  expect(costOf(usage, 0, null)).toEqual({ usd: "0", source: "gateway" }));

test("without a figure, tokens are multiplied by prices, cached ones by their own", () =>
  expect(costOf(usage, null, prices)).toEqual({ usd: "0.000068", source: "estimated" }));

test("cache reads without their own price cost as much as input", () =>
  expect(costOf(usage, null, { ...prices, cacheRead: null })).toEqual({ usd: "0.00014", source: "estimated" }));

test("without prices the cost is unknown, never zero", () =>
  expect(costOf(usage, null, null)).toEqual({ usd: null, source: "unpriced" }));

test.each([
  [0, "0"],
  [1e-7, "0.0000001"],
  [0.1 + 0.2, "0.3"],
  [12, "12"],
  [100, "100"],
])("%d dollars are written %s", (usd, text) => expect(decimalUsd(usd)).toBe(text));
