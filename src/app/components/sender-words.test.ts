// A program and a person are told apart, and each by the key that let it in.
import { expect, it } from "vitest";
import type { Sender } from "../../contract/sender.ts";
import { senderWords } from "./sender-words.ts";

it.each<[Sender, string]>([
  [{ type: "api_key", id: "apikey_1", name: "release bot" }, "with the key release bot"],
  [{ type: "dashboard" }, "in the dashboard"],
  [{ type: "dashboard", logged_in_by: { type: "link" } }, "in the dashboard"],
  [
    { type: "dashboard", logged_in_by: { type: "api_key", id: "apikey_2", name: "ada" } },
    "in the dashboard, logged in with the key ada",
  ],
])("%j is %s", (sender, words) => expect(senderWords(sender)).toBe(words));
