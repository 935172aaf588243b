import { expect, test } from "vitest";
import type { CredentialAuth } from "../../../contract/credentials.ts";
import type { Networking } from "../../../contract/environments.ts";
import { outOfReach } from "./credential-reach.ts";

const basic = (...allowed_hosts: string[]): CredentialAuth => ({
  ...{ type: "basic", username: "u", networking: { type: "limited", allowed_hosts } },
});
const bearer: CredentialAuth = { type: "static_bearer", mcp_server_url: "https://mcp.example.com/sse" };
const anywhere: CredentialAuth = {
  ...{ type: "environment_variable", secret_name: "T", networking: { type: "unrestricted" } },
  injection_location: { header: true, body: false },
};
const only = (allowed_hosts: string[], allow_mcp_servers = false): Networking => ({
  ...{ type: "limited", allowed_hosts, allow_mcp_servers, allow_package_managers: false },
});

test.each<[string, CredentialAuth, Networking]>([
  ["an open environment", basic("a.example"), { type: "unrestricted" }],
  ["one host of two", basic("a.example", "b.example"), only(["b.example"])],
  ["a host below what is allowed", basic("a.b.example"), only(["*.b.example"])],
  ["all below, of which one is allowed", basic("*.b.example"), only(["a.b.example"])],
  ["a variable for any host", anywhere, only([])],
  ["an MCP server that is allowed as a host", bearer, only(["mcp.example.com"])],
  ["an MCP server of the agent", bearer, only([], true)],
])("%s is reached", (_, auth, networking) => expect(outOfReach(auth, networking)).toBeNull());

test.each<[string, CredentialAuth, Networking, string[]]>([
  ["other hosts", basic("a.example", "*.b.example"), only(["c.example", "b.example"]), ["a.example", "*.b.example"]],
  ["nothing allowed", basic("a.example"), only([]), ["a.example"]],
  ["an MCP server", bearer, only(["api.example.com"]), ["mcp.example.com"]],
])("%s: none is", (_, auth, networking, hosts) => expect(outOfReach(auth, networking)).toEqual(hosts));
