// What a path rule covers, and what only looks as if it did.
import { expect, test } from "vitest";
import { whyNotFrom } from "./domain-rules.ts";

const pathOf = (path: string) => new URL(`https://docs.example.com${path}`).pathname;
const isFrom = (path: string, rules: { allowed?: string[]; blocked?: string[] }) =>
  whyNotFrom("docs.example.com", pathOf(path), { allowed: null, blocked: null, ...rules }) === null;

/** Servers that decode a path before they resolve it read them as /private. */
const DISGUISED = [
  "/blog/%2e%2e%2fprivate",
  "/blog/..%2Fprivate",
  "/blog/x/..%2f..%2fprivate/a",
  "/blog/%2e%2e%5cprivate",
  "/blog/..%5Cprivate",
];

test.each(DISGUISED)("a path that leads out of itself once it is decoded is read as where it leads: %s", (path) => {
  expect(isFrom(path, { blocked: ["docs.example.com/private"] })).toBe(false);
  expect(isFrom(path, { allowed: ["docs.example.com/blog"] })).toBe(false);
  expect(isFrom(path, { allowed: ["docs.example.com"] })).toBe(true);
});

test.each(["/blog", "/blog/a%20b", "/blog/a%2fb", "/blog//c", "/blog/x/..%2fy", "/blog/a..b"])(
  "a path that stays where it is allowed: %s",
  (path) =>
    expect(isFrom(path, { allowed: ["docs.example.com/blog"], blocked: ["docs.example.com/private"] })).toBe(true),
);

test.each(["/Blog", "/blogs", "/", "/blog/../x"])("a path beside what is allowed: %s", (path) =>
  expect(isFrom(path, { allowed: ["docs.example.com/blog"] })).toBe(false),
);

test("a rule may be encoded itself", () => {
  expect(isFrom("/a%20b/c", { allowed: ["docs.example.com/a%20b"] })).toBe(true);
  expect(isFrom("/a%20c", { allowed: ["docs.example.com/a%20b"] })).toBe(false);
});
