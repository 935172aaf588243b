// C16: requests that a program signed with a made-up key leave with the signature of the credential, or not at all.
import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type CredentialWorld, type Held, heldCredential, startCredentialWorld } from "../support/credential-world.ts";
import type { Seen } from "../support/echo-host.ts";
import type { EgressWorld } from "../support/egress-world.ts";
import { until } from "../support/until.ts";

const AWS = "bucket.s3.eu-central-1.amazonaws.example.com";
const seen: Seen[] = [];
const held: Held = { current: [] };
let started: CredentialWorld;
let world: EgressWorld;
beforeAll(async () => {
  started = await startCredentialWorld([AWS], { seen, held });
  ({ world } = started);
});
beforeEach(() => {
  seen.splice(0);
  world.lines.splice(0);
});
afterAll(() => started?.close());

describe("C16: AWS", () => {
  const aws = (changes: object = {}) => {
    const auth = {
      ...{ type: "aws_sigv4" as const, access_key_id: "AKIAREAL", region: "eu-central-1", service: "s3" },
      ...{ networking: { type: "limited" as const, allowed_hosts: [AWS] }, ...changes },
    };
    const secrets = {
      secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
      session_token: "session-token-0123456789",
    };
    held.current = [heldCredential(auth, secrets, { name: "AWS" })];
  };
  const asked = (region = "eu-central-1", service = "s3") => ({
    authorization: `AWS4-HMAC-SHA256 Credential=AKIAFAKE/20260101/${region}/${service}/aws4_request, SignedHeaders=host, Signature=00`,
    "x-amz-date": "20260101T000000Z",
    "x-amz-security-token": "mine",
  });

  it("what is signed with any key is signed anew, and nothing of the old signature is left", async () => {
    aws();
    await world.request(AWS, {
      path: "/key?list-type=2",
      headers: { ...asked(), "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
    });
    const headers: IncomingMessage["headers"] = seen.at(-1)?.headers ?? {};
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIAREAL\/\d{8}\/eu-central-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
    expect(headers["x-amz-security-token"]).toBe("session-token-0123456789");
    expect(headers["x-amz-date"]).not.toBe("20260101T000000Z");
    await until(() => world.lines.length > 0);
    expect(world.lines[0]).toMatchObject({ credentials: ["AWS"] });
  });

  it("a body whose hash is not told is read and signed", async () => {
    aws({ service: "dynamodb" });
    await world.request(AWS, { method: "POST", body: '{"TableName":"t"}', headers: asked("eu-central-1", "dynamodb") });
    expect(seen.at(-1)?.body).toBe('{"TableName":"t"}');
    const big = await world.request(AWS, {
      method: "POST",
      body: Buffer.alloc(9 * 1024 * 1024),
      headers: asked("eu-central-1", "dynamodb"),
    });
    expect(big.status).toBe(413);
  });

  it.each([
    ["another region", { headers: asked("us-east-1") }],
    ["another service", { headers: asked("eu-central-1", "iam") }],
    ["a presigned address", { path: "/key?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00" }],
    [
      "chunks signed one by one",
      { headers: { ...asked(), "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" } },
    ],
    ["SigV4A", { headers: { authorization: "AWS4-ECDSA-P256-SHA256 Credential=x" } }],
  ])("%s is refused with words", async (_, options) => {
    aws();
    const answer = await world.request(AWS, options);
    expect(answer).toMatchObject({ status: 403, headers: { "x-berth-egress": "credential_signature" } });
    expect(answer.body).toContain("is not signed anew with AWS");
    expect(seen).toEqual([]);
  });
});
