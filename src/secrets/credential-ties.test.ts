import { expect, it } from "vitest";
import type { CredentialAuth } from "../contract/credentials.ts";
import { describeTie, findTie } from "./credential-ties.ts";

const bearer = (mcp_server_url: string): CredentialAuth => ({ type: "static_bearer", mcp_server_url });
const basic = (...allowed_hosts: string[]): CredentialAuth => ({
  ...{ type: "basic", username: "u", networking: { type: "limited", allowed_hosts } },
});
const scoped = (auth: CredentialAuth, allowed_methods: string[] | null, ...allowed_path_prefixes: string[]) => {
  const prefixes = allowed_path_prefixes.length > 0 ? allowed_path_prefixes : null;
  return { ...auth, allowed_methods, allowed_path_prefixes: prefixes } as CredentialAuth;
};
const header = (header_name: string, ...allowed_hosts: string[]): CredentialAuth => ({
  ...{ type: "header", header_name, networking: { type: "limited", allowed_hosts } },
});
const variable = (secret_name: string): CredentialAuth => ({
  ...{ type: "environment_variable", secret_name, networking: { type: "unrestricted" } },
  injection_location: { header: true, body: false },
});
const named = (...auths: CredentialAuth[]) =>
  auths.map((auth, index) => ({ id: `c${index}`, name: `N${index}`, auth }));

it.each<[string, CredentialAuth, CredentialAuth, string]>([
  ["one address", bearer("https://a.example/mcp"), bearer("https://a.example/mcp"), "https://a.example/mcp"],
  ["one with a slash", bearer("https://a.example/mcp"), bearer("https://a.example/mcp/"), "https://a.example/mcp/"],
  ["one host", basic("a.example", "b.example"), basic("b.example"), "b.example"],
  ["one header", basic("a.example"), header("Authorization", "a.example"), "a.example"],
  ["one path", scoped(basic("a.example"), null, "/x", "/y"), scoped(basic("a.example"), null, "/y"), "a.example/y"],
  ["one method", scoped(basic("a.example"), ["GET", "HEAD"]), scoped(basic("a.example"), ["GET"]), "GET a.example"],
  [
    ...(["an address and a path", bearer("https://a.example/mcp"), scoped(basic("a.example"), null, "/mcp")] as const),
    "a.example/mcp",
  ],
  ["one variable", variable("TOKEN"), variable("TOKEN"), "the variable TOKEN"],
])("two for %s are a tie, and both are named", (_, one, other, over) => {
  const tie = findTie(named(one, other));
  expect(tie?.over).toBe(over);
  expect(tie && describeTie(tie)).toMatch(/^"N0" \(c0\) and "N1" \(c1\) are both for /);
});

it.each<[string, CredentialAuth, CredentialAuth]>([
  ["an address below the other", bearer("https://a.example/mcp"), bearer("https://a.example/mcp/two")],
  ["another query", bearer("https://a.example/mcp?x=1"), bearer("https://a.example/mcp?x=2")],
  ["a host and all below it", basic("a.b.example"), basic("*.b.example")],
  ["an address and its host", bearer("https://a.example/mcp"), basic("a.example")],
  ["a query and a path", bearer("https://a.example/mcp?x=1"), bearer("https://a.example/mcp/abc")],
  ["another path", scoped(basic("a.example"), null, "/x"), scoped(basic("a.example"), null, "/y")],
  ["a path below the other", scoped(basic("a.example"), null, "/x"), scoped(basic("a.example"), null, "/x/y")],
  ["another method", scoped(basic("a.example"), ["GET"]), scoped(basic("a.example"), ["POST"])],
  ["a method and all", scoped(basic("a.example"), ["GET"]), basic("a.example")],
  ["another header", header("X-One", "a.example"), header("X-Two", "a.example")],
  ["another variable", variable("ONE"), variable("TWO")],
])("%s is none", (_, one, other) => expect(findTie(named(one, other))).toBeNull());
