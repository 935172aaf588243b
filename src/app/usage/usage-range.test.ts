// The address says which days are shown; nonsense shows the usual ones.
import { expect, test } from "vitest";
import { daysBetween, readUsageView, usagePath } from "./usage-range.ts";

const NOW = Date.UTC(2026, 2, 1, 23, 59);
const read = (query: string) => readUsageView(new URLSearchParams(query), NOW);

test.each([
  ["", { from: "2026-01-31", to: "2026-03-01", days: 30, metric: "cost" }],
  ["days=7", { from: "2026-02-23", to: "2026-03-01", days: 7, metric: "cost" }],
  ["days=8&show=tokens", { from: "2026-01-31", to: "2026-03-01", days: 30, metric: "tokens" }],
  ["from=2026-02-01&to=2026-02-03", { from: "2026-02-01", to: "2026-02-03", days: null, metric: "cost" }],
  ["from=2026-02-03&to=2026-02-01", { from: "2026-01-31", to: "2026-03-01", days: 30, metric: "cost" }],
  ["from=x&to=y&show=z", { from: "2026-01-31", to: "2026-03-01", days: 30, metric: "cost" }],
])("%j", (query, expected) => expect(read(query)).toEqual(expected));

test.each(["", "days=90", "from=2026-02-01&to=2026-02-03&show=time"])("the address of %j leads back", (query) => {
  const view = read(query);
  expect(read(usagePath(view).split("?")[1] ?? "")).toEqual(view);
});

test("days have no gap, also over the end of a February", () => {
  expect(daysBetween("2028-02-28", "2028-03-01")).toEqual(["2028-02-28", "2028-02-29", "2028-03-01"]);
});
