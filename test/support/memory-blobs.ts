// A blob store in memory that can fail, lose and damage what is in it.
import { type BlobStore, checkKey } from "../../src/blobs/blobs.ts";
import { probeBlobs } from "../../src/blobs/probe.ts";
import { PlatformError } from "../../src/lib/errors.ts";

export type MemoryBlobs = BlobStore & {
  readonly blobs: Map<string, Buffer>;
  /** Every request, as `put packs/…`. */
  readonly requests: string[];
  /** Set: awaited before each request; what it throws is the answer. */
  onRequest: ((request: "put" | "get" | "remove" | "list", key: string) => unknown) | null;
};

export function createMemoryBlobs(): MemoryBlobs {
  const blobs = new Map<string, Buffer>();
  const begin = async (request: "put" | "get" | "remove" | "list", key: string, signal?: AbortSignal) => {
    signal?.throwIfAborted();
    memory.requests.push(`${request} ${key}`);
    await memory.onRequest?.(request, key);
    signal?.throwIfAborted();
  };
  const store = {
    id: "memory",
    async put(key: string, bytes: Uint8Array, { signal }: { signal?: AbortSignal } = {}) {
      await begin("put", checkKey(key), signal);
      blobs.set(key, Buffer.from(bytes));
    },
    async get(
      key: string,
      range?: { offset: number; lengthBytes: number },
      { signal }: { signal?: AbortSignal } = {},
    ): Promise<Buffer | null> {
      await begin("get", checkKey(key), signal);
      const bytes = blobs.get(key);
      if (!bytes) return null;
      return Buffer.from(range ? bytes.subarray(range.offset, range.offset + range.lengthBytes) : bytes);
    },
    async remove(key: string) {
      await begin("remove", checkKey(key));
      blobs.delete(key);
    },
    async *list(prefix: string) {
      await begin("list", prefix);
      for (const key of [...blobs.keys()].sort())
        if (key.startsWith(prefix)) yield { key, sizeBytes: blobs.get(key)?.length ?? 0 };
    },
  };
  const memory: MemoryBlobs = {
    ...store,
    blobs,
    requests: [],
    onRequest: null,
    check: () => probeBlobs(store, "The memory"),
  };
  return memory;
}

/** What a store that can't be reached throws. */
export function blobsAway(): never {
  throw new PlatformError("unavailable", "the blob store is away");
}
