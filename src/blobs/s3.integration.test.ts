// S3 blobs against a real S3 server, which checks signatures and checksums.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { s3Missing, startTestS3, type TestS3 } from "../../test/support/s3-server.ts";
import { describeBlobs } from "./conformance.ts";
import { createS3Blobs } from "./s3.ts";

describe.skipIf(s3Missing())("s3", () => {
  let s3: TestS3;
  beforeAll(async () => {
    s3 = await startTestS3();
  });
  afterAll(() => s3[Symbol.asyncDispose]());

  describeBlobs("s3", () => createS3Blobs(s3.options));

  it("a wrong secret and a missing bucket are told in words, at once", async () => {
    const { credentials } = s3.options;
    const wrong = { ...credentials, secretAccessKey: { reveal: () => "wrong" } };
    expect(await createS3Blobs({ ...s3.options, credentials: wrong }).check()).toEqual({
      ok: false,
      detail: expect.stringContaining("SignatureDoesNotMatch"),
    });
    expect(await createS3Blobs({ ...s3.options, bucket: "other" }).check()).toEqual({
      ok: false,
      detail: expect.stringContaining("NoSuchBucket"),
    });
  });

  it("goes on when the server comes back within its tries", async () => {
    const store = createS3Blobs({ ...s3.options, pauseMs: 500 });
    await store.put("away/a", Buffer.from("a"));
    await s3.stop();
    const waiting = store.get("away/a");
    await s3.start();
    expect((await waiting)?.toString()).toBe("a");
  });
});
