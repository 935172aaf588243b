// Which model the first agent gets.
import { expect, test } from "vitest";
import { chooseChatModel } from "./first-agent.ts";

test.each([
  ["nothing is offered", [], null],
  ["there is one model", ["demo"], "demo"],
  ["others cannot talk", ["text-embedding-3-small", "whisper-1", "vendor/*", "gpt-5"], "gpt-5"],
  ["none can talk", ["text-embedding-3-small"], null],
])("when %s", (_when, ids, expected) => expect(chooseChatModel(ids)).toBe(expected));
