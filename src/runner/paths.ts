// Which paths the file tools may touch: every link is resolved first, then the result must lie in a permitted directory.

import { constants } from "node:fs";
import { type FileHandle, mkdir, open, readlink, rename, unlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { randomHex } from "./random.ts";

/** A tool can't do what it was asked; the message is for the model. */
export class ToolError extends Error {}

const MAX_LINKS = 40;

export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** True when `path` is `root` or below it, name by name. */
export function isWithin(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}

/** What a component points to; null when it is no link or does not exist (yet). */
async function linkTarget(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "EINVAL" || code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}

/** The path without any link in it, also where its end does not exist yet. Throws ELOOP like the system does. */
export async function resolveLinks(absolutePath: string): Promise<string> {
  const pending = resolve(absolutePath).split("/").filter(Boolean).reverse();
  let current = "/";
  let links = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === ".") continue;
    if (part === "..") {
      current = dirname(current);
      continue;
    }
    const next = join(current, part);
    const target = await linkTarget(next);
    if (target === null) {
      current = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw Object.assign(new Error("too many links"), { code: "ELOOP" });
    if (target.startsWith("/")) current = "/";
    pending.push(...target.split("/").filter(Boolean).reverse());
  }
  return current;
}

const textByErrno: Record<string, string> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ENOTDIR: "not a directory",
  EISDIR: "is a directory",
  ELOOP: "too many levels of symbolic links",
  ENAMETOOLONG: "file name too long",
  ENOSPC: "no space left on device",
  EDQUOT: "no space left on device",
  EMFILE: "too many open files",
  ENFILE: "too many open files",
};

/** A file system error in the words that the toolset uses everywhere. */
export function fileErrorText(error: unknown, file: string): string {
  const code = errnoOf(error);
  const known = code === undefined ? undefined : textByErrno[code];
  if (known) return `${file}: ${known}`;
  return code === undefined ? `${file}: i/o error` : `${file}: i/o error (${code})`;
}

/** Resolves `path` against the first of `roots` and refuses it outside all of them. */
export async function confine(path: string, roots: readonly [string, ...string[]]): Promise<string> {
  const shown = `path ${JSON.stringify(path)}`;
  if (path.includes("\0")) throw new ToolError(`${shown} contains a NUL byte`);
  let real: string;
  try {
    real = await resolveLinks(resolve(roots[0], path));
  } catch (error) {
    throw new ToolError(fileErrorText(error, shown));
  }
  if (roots.some((root) => isWithin(root, real))) return real;
  throw new ToolError(`${shown} is outside the session's working directory and its other permitted directories`);
}

/**
 * Opens a file for reading without following a last link and without waiting for a FIFO's other end.
 * The caller checks with `stat` on the handle that it is a regular file, so a swap in between changes nothing.
 */
export function openForReading(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
}

/**
 * Replaces a file in one step: a sibling is written, synced and renamed over it, so that a crash leaves the old or
 * the new content. An existing file keeps its permission bits; a new one is its owner's only.
 */
export async function replaceFile(path: string, content: string | AsyncIterable<Uint8Array>): Promise<void> {
  const directory = dirname(path);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const sibling = join(directory, `.tmp-${basename(path).slice(0, 32)}-${randomHex(8)}`);
  const mode = await modeOfRegularFile(path);
  const handle = await open(sibling, "wx", 0o600);
  try {
    try {
      if (mode !== null) await handle.chmod(mode);
      if (typeof content === "string") await handle.writeFile(content, "utf8");
      else for await (const chunk of content) await handle.writeFile(chunk);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(sibling, path);
  } catch (error) {
    await unlink(sibling).catch((cause: unknown) => {
      if (errnoOf(cause) !== "ENOENT") throw cause;
    });
    throw error;
  }
}

/** Permission bits of the regular file at `path`; null when there is nothing. Anything else can't be replaced. */
async function modeOfRegularFile(path: string): Promise<number | null> {
  let handle: FileHandle;
  try {
    handle = await openForReading(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT") return null;
    // A file without read permission is still ours to replace, as the system sees it.
    if (code === "EACCES") return 0o600;
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (stat.isDirectory()) throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
    if (!stat.isFile()) throw new ToolError(`${path} is not a regular file`);
    return stat.mode & 0o777;
  } finally {
    await handle.close();
  }
}
