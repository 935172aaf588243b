// The command line is what a shell and the API take, and holds no key.
import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { sendEventsInput } from "../../../contract/events.ts";
import { sessionCurl } from "./session-curl.ts";

test("a shell passes on the address, the reader's key and a body that the API takes", () => {
  const command = sessionCurl("http://127.0.0.1:3000", "sesn_1").replace(/^curl/, "printf '%s\\n'");
  const env = { ...process.env, BERTH_API_KEY: "the reader's" };
  const words = execFileSync("sh", ["-c", command], { env, encoding: "utf8" }).trimEnd().split("\n");
  expect(words.slice(0, 3)).toEqual(["-sS", "http://127.0.0.1:3000/v1/sessions/sesn_1/events", "-H"]);
  expect(words[3]).toBe("x-api-key: the reader's");
  expect(sendEventsInput.safeParse(JSON.parse(words.at(-1) ?? "")).error).toBeUndefined();
});
