// A program that tries again and again is one line; two reasons are two.
import { expect, test } from "vitest";
import type { EgressRequest } from "../../../../contract/egress-requests.ts";
import { refusedHosts } from "./refused-hosts.ts";

const request = (id: string, host: string, rule: string) => ({ id, host, rule }) as EgressRequest;

test("what was refused is counted by host and reason, the last one first", () => {
  const hosts = refusedHosts([
    request("4", "a.example.com", "host_not_allowed"),
    request("3", "b.example.com", "host_not_allowed"),
    request("2", "a.example.com", "refused_address"),
    request("1", "a.example.com", "host_not_allowed"),
  ]);
  expect(hosts.map(({ last, count }) => [last.id, count])).toEqual([
    ["4", 2],
    ["3", 1],
    ["2", 1],
  ]);
});
