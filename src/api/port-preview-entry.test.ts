// A ticket is taken out of an address, whatever else is in it, and the rest leads to no other host.
import { expect, test } from "vitest";
import { readTicket, withoutTicket } from "./port-preview-entry.ts";

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

test.each([
  ["/a?berth_ticket=x&b=1", "/a?b=1"],
  ["http://localhost:5173/a?berth_ticket=x", "http://localhost:5173/a"],
  ["//a/?b=berth_ticket", "//a/?b=berth_ticket"],
])("an app is told %s as %s", (url, told) => expect(withoutTicket(url)).toBe(told));
