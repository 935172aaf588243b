// R11: hosts that are new to a sandbox come at a rate; known ones as often as they like.
import { expect, it } from "vitest";
import { createHostBudget } from "./host-budget.ts";

it("R11: takes a burst of 200 new hosts, then ten a second, and never counts a known one", () => {
  let now = 0;
  const budget = createHostBudget({ now: () => now });
  for (let index = 0; index < 200; index++) budget.spend(`h${index}.example`);
  for (let index = 0; index < 1000; index++) budget.spend("h7.example");
  expect(() => budget.spend("new.example")).toThrow(expect.objectContaining({ rule: "too_many_hosts", status: 429 }));
  now = 1_000;
  for (let index = 0; index < 10; index++) budget.spend(`later${index}.example`);
  expect(() => budget.spend("new.example")).toThrow();
});
