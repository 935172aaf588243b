// A command is a command only when it is one; anything else stays a message.
import { expect, test } from "vitest";
import { parseSlash, suggestSlash } from "./slash-command.ts";

test.each([
  ["/interrupt", { name: "interrupt", argument: "" }],
  ["  /rename  The parser  ", { name: "rename", argument: "The parser" }],
  ["/model some/name", { name: "model", argument: "some/name" }],
  ["/archive", { name: "archive", argument: "" }],
  ["/etc/hosts", null],
  ["/renamed", null],
  ["/rename a\nb", null],
  ["say /interrupt", null],
  ["/", null],
])("%j", (text, expected) => expect(parseSlash(text)).toEqual(expected));

test.each([
  ["/", ["interrupt", "model", "rename", "copy", "export", "archive", "help"]],
  ["/re", ["rename"]],
  ["/rename The", ["rename"]],
  ["/usr/bin", []],
  ["hello", []],
])("%j suggests %j", (text, expected) => expect(suggestSlash(text)).toEqual(expected));
