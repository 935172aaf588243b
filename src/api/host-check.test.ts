// A page of another site that lets its own name point at this machine is refused.
import { expect, test } from "vitest";
import { allowedHostsFor, hostIsAllowed } from "./host-check.ts";

test.each([
  ["127.0.0.1", "localhost:3000", true],
  ["127.0.0.1", "127.0.0.1:3000", true],
  ["127.0.0.1", "[::1]:3000", true],
  ["127.0.0.1", "LOCALHOST", true],
  ["127.0.0.1", "berth.localhost:3000", true],
  ["127.0.0.1", "evil.example:3000", false],
  ["127.0.0.1", "127.0.0.1.evil.example", false],
  ["127.0.0.1", "localhost.evil.example", false],
  ["127.0.0.1", "127.255.0.9", true],
  ["127.0.0.1", "127.999.0.1", false],
  ["127.0.0.1", "localhost.", false],
  ["127.0.0.1", "evil.example/.localhost", false],
  ["127.0.0.1", "evil.example?.localhost", false],
  ["127.0.0.1", "evil.example, a.localhost", false],
  ["127.0.0.1", "a@b.localhost", false],
  ["127.0.0.1", "my_app.localhost:3000", true],
  ["127.0.0.1", undefined, false],
  ["localhost", "evil.example", false],
  ["::1", "evil.example", false],
  ["0.0.0.0", "berth.example", true],
  ["10.1.2.3", "berth.example", true],
])("listening on %s, asked as %s: %s", (listening, host, allowed) =>
  expect(hostIsAllowed(host, allowedHostsFor(listening))).toBe(allowed),
);
