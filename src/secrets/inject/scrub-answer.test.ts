// How often an answer may be packed in itself, so that a small header makes the broker unpack no more than that.
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { Secret } from "../secret.ts";
import { scrubAnswer } from "./scrub-answer.ts";
import { createScrubber } from "./scrubber.ts";

const VALUE = "value-that-is-not-to-be-seen";
const scrubber = createScrubber([
  {
    ...{ id: "vcrd_1", teamId: "team_1", vaultId: "vlt_1", name: "TOKEN", version: 1, placeholder: "placeholder" },
    auth: {
      type: "environment_variable",
      secret_name: "TOKEN",
      networking: { type: "unrestricted" },
      injection_location: { header: true, body: false },
    },
    secrets: { secret_value: new Secret(VALUE) },
  },
]);

async function answered(times: number): Promise<string> {
  if (!scrubber) throw new Error("there is something to look for");
  let body = Buffer.from(`before ${VALUE} after`);
  for (let time = 0; time < times; time++) body = gzipSync(body);
  const headers = ["Content-Type", "text/plain", "Content-Encoding", Array(times).fill("gzip").join(", ")];
  const scrubbed = await scrubAnswer(scrubber, { method: "GET", status: 200, headers }, Readable.from([body]));
  expect(scrubbed.headers.join(" ")).not.toMatch(/gzip/);
  return (await buffer(scrubbed.body)).toString();
}

test("R8: an answer that is packed in itself is looked into up to three times, and refused beyond", async () => {
  expect(await answered(3)).toMatch(/^before .+ after$/);
  expect(await answered(3)).not.toContain(VALUE);
  for (const times of [4, 2_000]) await expect(answered(times)).rejects.toMatchObject({ rule: "answer_encoding" });
});
