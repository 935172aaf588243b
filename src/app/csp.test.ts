// The policy lets in nothing that this server did not send.
import { expect, test } from "vitest";
import { contentSecurityPolicy } from "./csp.ts";

const directives = new Map(
  contentSecurityPolicy("bm9uY2U=")
    .split("; ")
    .map((directive) => [directive.split(" ")[0], directive.split(" ").slice(1)]),
);

test("nothing is allowed that no directive names", () => {
  expect(directives.get("default-src")).toEqual(["'none'"]);
});

test("no directive allows inline code, eval, wildcards or another host", () => {
  const sources = [...directives.values()].flat();
  for (const source of sources) {
    expect(source).not.toMatch(/unsafe|\*|http|\./);
  }
});

test("scripts need the nonce of the request", () => {
  expect(directives.get("script-src")).toContain("'nonce-bm9uY2U='");
});

test("the page can neither be framed nor rebased nor post elsewhere", () => {
  expect(directives.get("frame-ancestors")).toEqual(["'none'"]);
  expect(directives.get("base-uri")).toEqual(["'none'"]);
  expect(directives.get("form-action")).toEqual(["'self'"]);
});

test("a nonce that could end the directive is refused", () => {
  expect(() => contentSecurityPolicy("a'; script-src *")).toThrow("base64");
});
