// Blobs as files of a directory: for one machine. A blob is written beside its place, synced, and renamed into it.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { messageOf, PlatformError } from "../lib/errors.ts";
import { type BlobInfo, type BlobStore, checkKey } from "./blobs.ts";
import { probeBlobs } from "./probe.ts";

/** Blobs on their way. No key begins with a dot. */
const UNFINISHED = ".unfinished";
/** What a process that died left on its way is older than anything that still comes. */
const LEFT_AFTER_MS = 3_600_000;

export type DirectoryBlobsOptions = { directory: string };

export function createDirectoryBlobs(options: DirectoryBlobsOptions): BlobStore {
  const directory = resolve(options.directory);
  const pathOf = (key: string) => join(directory, checkKey(key));
  let ready: Promise<void> | null = null;

  async function prepare(): Promise<void> {
    await mkdir(join(directory, UNFINISHED), { recursive: true, mode: 0o700 });
    for (const name of await readdir(join(directory, UNFINISHED))) {
      const path = join(directory, UNFINISHED, name);
      const left = await stat(path).catch(nothingThere);
      if (left && left.mtimeMs < Date.now() - LEFT_AFTER_MS) await rm(path, { force: true });
    }
  }

  /** The directories down to a blob's, each on the disk for good. */
  async function makeDirectory(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first === undefined) return;
    for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made));
  }

  async function put(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
    const path = pathOf(key);
    ready ??= prepare();
    await ready.catch((error: unknown) => {
      ready = null;
      throw error;
    });
    const unfinished = join(directory, UNFINISHED, randomBytes(12).toString("hex"));
    try {
      const file = await open(unfinished, "wx", 0o600);
      try {
        await file.writeFile(bytes, signal ? { signal } : {});
        await file.sync();
      } finally {
        await file.close();
      }
      await makeDirectory(dirname(path));
      await rename(unfinished, path);
      await syncDirectory(dirname(path));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  async function get(key: string, range?: { offset: number; lengthBytes: number }): Promise<Buffer | null> {
    const file = await open(pathOf(key), constants.O_RDONLY | constants.O_NOFOLLOW).catch(nothingThere);
    if (!file) return null;
    try {
      const { size } = await file.stat();
      const offset = Math.min(range?.offset ?? 0, size);
      const bytes = Buffer.allocUnsafe(Math.min(range?.lengthBytes ?? size, size - offset));
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, offset + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  }

  async function removeFile(key: string): Promise<void> {
    await unlink(pathOf(key)).catch(nothingThere);
  }

  async function* list(prefix: string): AsyncGenerator<BlobInfo> {
    yield* below("", prefix);
  }

  async function* below(key: string, prefix: string): AsyncGenerator<BlobInfo> {
    const entries = await readdir(join(directory, key), { withFileTypes: true }).catch(nothingThere);
    // In the order of whole keys: a directory's key goes on with a slash.
    const sorted = (entries ?? [])
      .filter((entry) => !entry.name.startsWith("."))
      .map((entry) => ({ entry, name: entry.isDirectory() ? `${entry.name}/` : entry.name }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { entry, name } of sorted) {
      const inner = key + name;
      if (entry.isDirectory()) {
        if (inner.startsWith(prefix) || prefix.startsWith(inner)) yield* below(inner, prefix);
      } else if (entry.isFile() && inner.startsWith(prefix)) {
        const info = await stat(join(directory, inner)).catch(nothingThere);
        if (info) yield { key: inner, sizeBytes: info.size };
      }
    }
  }

  /** Failures of the disk are the operator's, in words. */
  async function told<T>(work: Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (signal?.aborted || !(error instanceof Error && "code" in error)) throw error;
      throw new PlatformError("unavailable", `The blob directory ${directory} can't be used: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  const store = {
    id: "directory",
    put: (key: string, bytes: Uint8Array, { signal }: { signal?: AbortSignal } = {}) =>
      told(put(key, bytes, signal), signal),
    get: (key: string, range?: { offset: number; lengthBytes: number }) => told(get(key, range)),
    remove: (key: string) => told(removeFile(key)),
    list,
  };
  return { ...store, check: () => probeBlobs(store, "The blob directory") };
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function nothingThere(error: unknown): null {
  const code = error instanceof Error && "code" in error ? error.code : "";
  if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return null;
  throw error;
}
