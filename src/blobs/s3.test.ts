// What an S3 store may do wrong: busy, broken, away, refusing. A real one is in s3.integration.test.ts.
import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { createS3Blobs, parseListing, type S3BlobsOptions } from "./s3.ts";

const SECRET = "the-secret-of-the-bucket";
let server: Server | null = null;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = null;
});

async function against(answer: RequestListener, options: Partial<S3BlobsOptions> = {}) {
  server = createServer((request, response) => {
    request.resume();
    request.on("end", () => answer(request, response));
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return createS3Blobs({
    endpoint: `http://127.0.0.1:${port}`,
    bucket: "bucket",
    region: "us-east-1",
    credentials: { accessKeyId: "AKEXAMPLE", secretAccessKey: { reveal: () => SECRET } },
    pathStyle: true,
    pauseMs: 1,
    timeoutMs: 300,
    ...options,
  });
}

const failure = (code: string) =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>key AKEXAMPLE is bad</Message></Error>`;

test("what may pass is tried again: a server that is busy, one that breaks off, one that says nothing", async () => {
  let calls = 0;
  const store = await against((_request, response) => {
    calls += 1;
    if (calls === 1) return response.writeHead(503).end(failure("SlowDown"));
    if (calls === 2) return void response.destroy();
    if (calls === 3) return;
    if (calls === 4) return void response.writeHead(200, { "content-length": "100" }).write("half");
    response.end("content");
  });
  expect((await store.get("key"))?.toString()).toBe("content");
  expect(calls).toBe(5);
});

test("it gives up after five tries, and says what it met", async () => {
  let calls = 0;
  const store = await against((_request, response) => {
    calls += 1;
    response.writeHead(500).end(failure("InternalError"));
  });
  await expect(store.put("key", Buffer.from("x"))).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/^The bucket bucket at 127.0.0.1:\d+ can't be used: it answered 500 InternalError$/),
  });
  expect(calls).toBe(5);
});

test("a refusal is final, and neither key nor secret is repeated", async () => {
  let calls = 0;
  const store = await against((_request, response) => {
    calls += 1;
    response.writeHead(403).end(failure("SignatureDoesNotMatch"));
  });
  const { ok, detail } = await store.check();
  expect(ok).toBe(false);
  expect(detail).toContain("403 SignatureDoesNotMatch");
  expect(detail).not.toMatch(/AKEXAMPLE|secret/);
  expect(calls).toBe(1);
});

test("nobody there: says so", async () => {
  const store = await against(() => undefined);
  server?.close();
  server?.closeAllConnections();
  expect(await store.check()).toMatchObject({ ok: false, detail: expect.stringContaining("ECONNREFUSED") });
});

test("a missing blob is null, a missing bucket is not", async () => {
  let code = "NoSuchKey";
  const store = await against((_request, response) => response.writeHead(404).end(failure(code)));
  expect(await store.get("key")).toBeNull();
  code = "NoSuchBucket";
  await expect(store.get("key")).rejects.toMatchObject({ code: "unavailable" });
});

test("signs what it sends, with a checksum of the content, and sends no secret", async () => {
  const seen: { url: string | undefined; headers: Record<string, unknown> }[] = [];
  const store = await against((request, response) => {
    seen.push({ url: request.url, headers: request.headers });
    response.end();
  });
  await store.put("packs/a", Buffer.from("hello"));
  expect(seen[0]?.url).toBe("/bucket/packs/a");
  expect(seen[0]?.headers).toMatchObject({
    authorization: expect.stringContaining("Credential=AKEXAMPLE/"),
    "x-amz-content-sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
    "x-amz-checksum-sha256": "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=",
  });
  expect(seen[0]?.headers.authorization).toContain("x-amz-checksum-sha256");
  expect(JSON.stringify(seen)).not.toContain(SECRET);
});

test("takes its part of a whole that a store without ranges gives", async () => {
  const store = await against((_request, response) => response.end("0123456789"));
  expect((await store.get("key", { offset: 3, lengthBytes: 4 }))?.toString()).toBe("3456");
});

test("reads listings of several pages, and keys of others are not ours", () => {
  const page = (rest: string) => Buffer.from(`<ListBucketResult>${rest}</ListBucketResult>`);
  const contents = (key: string) => `<Contents><Key>${key}</Key><Size>7</Size></Contents>`;
  const more = "<IsTruncated>true</IsTruncated><NextContinuationToken>a&amp;b&#x3D;</NextContinuationToken>";
  expect(parseListing(page(`${contents("packs/a")}${contents("Photo &amp; more.jpg")}${more}`))).toEqual({
    blobs: [{ key: "packs/a", sizeBytes: 7 }],
    next: "a&b=",
  });
  expect(parseListing(page("<IsTruncated>false</IsTruncated>"))).toEqual({ blobs: [], next: null });
  expect(() => parseListing(page("<IsTruncated>true</IsTruncated>"))).toThrow("breaks off");
});
