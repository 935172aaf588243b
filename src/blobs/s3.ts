// Blobs in a bucket of any S3-compatible store. Requests are signed by aws4fetch; tries, checks and limits are our own.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AwsV4Signer } from "aws4fetch";
import { messageOf, PlatformError } from "../lib/errors.ts";
import { type BlobInfo, type BlobRange, type BlobStore, checkKey } from "./blobs.ts";
import { probeBlobs } from "./probe.ts";

export type S3BlobsOptions = {
  /** `https://…`; null: AWS's own of the region. */
  endpoint: string | null;
  bucket: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: { reveal(): string } };
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. */
  pathStyle: boolean;
  /** Shorter in tests. */
  pauseMs?: number;
  timeoutMs?: number;
};

const TRIES = 5;
const PAUSE_MS = 200;
/** One try; a pack of 32 MB at 1 MB a second fits. */
const TIMEOUT_MS = 60_000;
/** An answer that is no blob: a page of a listing, or an error. */
const MAX_XML_BYTES = 8 * 1024 * 1024;
const EMPTY_SHA256 = createHash("sha256").digest("hex");

type Ask = {
  method: string;
  key: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array;
  signal?: AbortSignal | undefined;
  /** Statuses that are answers, not failures. */
  accept: readonly number[];
};
type Answer = { status: number; body: Buffer };

export function createS3Blobs(options: S3BlobsOptions): BlobStore {
  const { bucket, region, credentials, pathStyle, pauseMs = PAUSE_MS, timeoutMs = TIMEOUT_MS } = options;
  const endpoint = new URL(options.endpoint ?? `https://s3.${region}.amazonaws.com`);
  const where = `The bucket ${bucket} at ${endpoint.host}`;

  function urlOf(key: string, query: Record<string, string> = {}): string {
    const url = new URL(endpoint);
    if (!pathStyle) url.hostname = `${bucket}.${endpoint.hostname}`;
    url.pathname = `${url.pathname.replace(/\/$/, "")}/${pathStyle ? `${bucket}/` : ""}${key}`;
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return url.href;
  }

  async function once({ method, key, query, headers, body, signal }: Ask): Promise<Answer> {
    const signer = new AwsV4Signer({
      method,
      url: urlOf(key, query),
      headers: {
        ...headers,
        "x-amz-content-sha256": body ? createHash("sha256").update(body).digest("hex") : EMPTY_SHA256,
      },
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey.reveal(),
      service: "s3",
      region,
    });
    const signed = await signer.sign();
    const late = AbortSignal.timeout(timeoutMs);
    const response = await fetch(signed.url, {
      method,
      headers: signed.headers,
      // Node types its buffers apart from the web's, which take them.
      ...(body ? { body: body as Uint8Array<ArrayBuffer> } : {}),
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, late]) : late,
    });
    return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
  }

  /** Again after what may pass: a broken connection, a server that is busy or ill. */
  async function ask(question: Ask): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      question.signal?.throwIfAborted();
      let failure: { why: string; cause?: unknown; passing: boolean };
      try {
        const answer = await once(question);
        if (question.accept.includes(answer.status)) return answer;
        failure = refusalOf(answer);
      } catch (error) {
        if (question.signal?.aborted) throw question.signal.reason;
        failure = { why: reasonOf(error), cause: error, passing: true };
      }
      if (!failure.passing || attempt === TRIES)
        throw new PlatformError("unavailable", `${where} can't be used: ${failure.why}`, { cause: failure.cause });
      await sleep(pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random()), undefined, signalOf(question));
    }
  }

  const store = {
    id: "s3",
    async put(key: string, bytes: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
      const checksum = createHash("sha256").update(bytes).digest("base64");
      const headers = { "content-type": "application/octet-stream", "x-amz-checksum-sha256": checksum };
      await ask({ method: "PUT", key: checkKey(key), headers, body: bytes, signal, accept: [200, 201, 204] });
    },

    async get(key: string, range?: BlobRange, { signal }: { signal?: AbortSignal } = {}): Promise<Buffer | null> {
      if (range?.lengthBytes === 0) return Buffer.alloc(0);
      const last = range ? range.offset + range.lengthBytes - 1 : 0;
      const headers = range ? { range: `bytes=${range.offset}-${last}` } : {};
      const accept = [200, 206, 404, 416];
      const { status, body } = await ask({ method: "GET", key: checkKey(key), headers, signal, accept });
      if (status === 404) {
        if (codeOf(body) === "NoSuchBucket")
          throw new PlatformError("unavailable", `${where} can't be used: there is no such bucket`);
        return null;
      }
      if (status === 416) return Buffer.alloc(0);
      // A store that knows no ranges gives the whole.
      return range && status === 200 ? body.subarray(range.offset, last + 1) : body;
    },

    async remove(key: string, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
      await ask({ method: "DELETE", key: checkKey(key), signal, accept: [200, 204, 404] });
    },

    async *list(prefix: string, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<BlobInfo> {
      for (let token: string | null = null; ; ) {
        const query: Record<string, string> = { "list-type": "2", prefix };
        if (token !== null) query["continuation-token"] = token;
        const { body } = await ask({ method: "GET", key: "", query, signal, accept: [200] });
        const page = parseListing(body);
        yield* page.blobs;
        if (page.next === null) return;
        token = page.next;
      }
    },
  };
  return { ...store, check: () => probeBlobs(store, where) };
}

function signalOf({ signal }: Ask): { signal: AbortSignal } | undefined {
  return signal ? { signal } : undefined;
}

/** The cause of a failed fetch says more than its message. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error && cause.message !== "") return cause.message;
  return messageOf(error);
}

/** The server's own words are not repeated: some hold the access key. */
function refusalOf({ status, body }: Answer): { why: string; passing: boolean } {
  const code = codeOf(body);
  const why = `it answered ${status}${code ? ` ${code}` : ""}`;
  return { why, passing: status >= 500 || status === 429 || status === 408 || code === "RequestTimeout" };
}

function codeOf(body: Buffer): string | null {
  return /<Code>([A-Za-z]{1,64})<\/Code>/.exec(body.subarray(0, 4096).toString("utf8"))?.[1] ?? null;
}

/** A page of a listing. Keys of ours need no unescaping; others are not told. */
export function parseListing(body: Buffer): { blobs: BlobInfo[]; next: string | null } {
  if (body.length > MAX_XML_BYTES) throw new PlatformError("unavailable", "a listing of the bucket is too long");
  const xml = body.toString("utf8");
  const blobs: BlobInfo[] = [];
  for (const [, contents = ""] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
    const key = /<Key>([a-z0-9._/-]+)<\/Key>/.exec(contents)?.[1];
    const sizeBytes = /<Size>(\d+)<\/Size>/.exec(contents)?.[1];
    if (key !== undefined && sizeBytes !== undefined) blobs.push({ key, sizeBytes: Number(sizeBytes) });
  }
  const more = /<IsTruncated>true<\/IsTruncated>/.test(xml);
  const token = /<NextContinuationToken>([^<]+)<\/NextContinuationToken>/.exec(xml)?.[1];
  if (more && token === undefined) throw new PlatformError("unavailable", "a listing of the bucket breaks off");
  return { blobs, next: more && token !== undefined ? unescapeXml(token) : null };
}

function unescapeXml(text: string): string {
  const entities: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(lt|gt|quot|apos|amp|#\d+|#x[0-9a-f]+);/gi, (whole, name: string) => {
    if (name.startsWith("#x")) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith("#")) return String.fromCodePoint(Number(name.slice(1)));
    return entities[name] ?? whole;
  });
}
