// What the address says is what is asked of the server, and back.
import { expect, test } from "vitest";
import { networkPath, networkQuery, readNetworkFilter } from "./network-filter.ts";

test("an address and a filter are the same thing", () => {
  const path = "/network?show=refused&from=mcp&session=sesn_1&environment=env_1&host=*.example.com";
  const filter = readNetworkFilter(new URL(path, "http://x").searchParams);
  expect(filter).toEqual({
    show: "refused",
    source: "mcp",
    sessionId: "sesn_1",
    environmentId: "env_1",
    host: "*.example.com",
  });
  expect(decodeURIComponent(networkPath(filter))).toBe(path);
  expect(networkQuery(filter)).toEqual({
    decision: "deny",
    source: "mcp",
    session_id: "sesn_1",
    environment_id: "env_1",
    host: "*.example.com",
  });
});

test("words that nobody knows show everything", () => {
  const filter = readNetworkFilter(new URLSearchParams("show=toString&from=toString&host="));
  expect(networkPath(filter)).toBe("/network");
  expect(networkQuery(filter)).toEqual({});
});

test("the security events are asked for by their mark", () => {
  expect(networkQuery(readNetworkFilter(new URLSearchParams("show=security")))).toEqual({ suspicious: true });
});
