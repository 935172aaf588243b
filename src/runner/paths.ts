// Which paths the file tools may touch: every link is resolved first, then the result must lie in a permitted directory.

import { readlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

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

/** Permitted directories, without a link in their paths. A relative path begins at the first. */
export type Roots = readonly [string, ...string[]];

/** Resolves `path` against the first of `roots` and refuses it outside all of them. What is there afterwards may be another: `place.ts`. */
export async function confine(path: string, roots: Roots): Promise<string> {
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
