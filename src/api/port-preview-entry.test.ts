// A ticket is taken out of an address, whatever else is in it, and the rest leads to no other host.
import { expect, test } from "vitest";
import { readTicket } from "./port-preview-entry.ts";

test.each([
  ["/?berth_ticket=a", { ticket: "a", rest: "/" }],
  ["/page?x=1&berth_ticket=a&y=%20", { ticket: "a", rest: "/page?x=1&y=%20" }],
  ["//evil.example/?berth_ticket=a", { ticket: "a", rest: "/evil.example/" }],
  ["/\\evil.example?berth_ticket=a", { ticket: "a", rest: "/evil.example" }],
  ["/?berth_ticket=a&berth_ticket=b", { ticket: "b", rest: "/" }],
  ["/?berth_ticket=", { ticket: "", rest: "/" }],
  ["/?not_berth_ticket=a", null],
  ["/berth_ticket=a", null],
])("%s", (url, expected) => expect(readTicket(url)).toEqual(expected));
