// The port of the blob store: bytes under keys, for what is too large for the database. Adapters: directory, s3. `conformance.ts` defines done.

export type BlobRange = { offset: number; lengthBytes: number };
export type BlobInfo = { key: string; sizeBytes: number };

/** Whether the store can be used, in words for an operator. Never holds a secret. */
export type BlobCheck = { ok: boolean; detail: string };

type Options = { signal?: AbortSignal };

/**
 * Keys are names of `a-z 0-9 . _ -` with slashes between them. A store that can't be reached, refuses us or is full throws
 * `unavailable` with the reason, after a few tries of its own where trying can help.
 */
export type BlobStore = {
  readonly id: string;
  /** Whole or not at all, and for good when it resolves. Replaces what was there. */
  put(key: string, bytes: Uint8Array, options?: Options): Promise<void>;
  /** Null when there is nothing under this key. Of a range, what there is of it. */
  get(key: string, range?: BlobRange, options?: Options): Promise<Buffer | null>;
  /** Succeeds when there is nothing. */
  remove(key: string, options?: Options): Promise<void>;
  /** Everything whose key begins with `prefix`, in the order of keys. */
  list(prefix: string, options?: Options): AsyncIterable<BlobInfo>;
  /** Writes, reads and removes a small blob. Never throws. */
  check(): Promise<BlobCheck>;
};

const MAX_KEY_LENGTH = 512;

/** Throws for a key that no store would keep as it is. */
export function checkKey(key: string): string {
  const fits = key.length <= MAX_KEY_LENGTH && key.split("/").every((name) => /^[a-z0-9_-][a-z0-9._-]*$/.test(name));
  if (!fits) throw new Error(`not a key of a blob: ${JSON.stringify(key.slice(0, 100))}`);
  return key;
}
