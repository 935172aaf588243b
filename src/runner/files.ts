// Files for the platform (uploads, downloads, directory listings): only /workspace and the home directory, only regular files.
import type { FileHandle } from "node:fs/promises";
import { lstat, readdir } from "node:fs/promises";
import { openToOwner } from "../lib/open-to-owner.ts";
import { errnoOf, fileErrorText, type Roots, ToolError } from "./paths.ts";
import { inDirectoryAt, openForReading } from "./place.ts";
import { BadRequest, type WireDirectoryEntry } from "./protocol.ts";
import { writeFileAt } from "./replace-file.ts";

const MAX_LISTED = 10_000;

export type Files = ReturnType<typeof createFiles>;

export function createFiles(options: { workspaceDir: string; homeDir: string }) {
  const roots: Roots = [options.workspaceDir, options.homeDir];
  const checkPath = (path: string): void => {
    if (path === "") throw new BadRequest("path: empty");
    // A root that the agent closed to itself would look as if nothing were in it.
    for (const root of roots) openToOwner(root);
  };
  const refuse = (error: unknown, path: string): never => {
    if (error instanceof ToolError) throw new BadRequest(error.message);
    if (errnoOf(error) !== undefined) throw new BadRequest(fileErrorText(error, path));
    throw error;
  };

  /** An open regular file and its size; null when there is none. The caller closes it. */
  async function open(path: string): Promise<{ handle: FileHandle; sizeBytes: number } | null> {
    checkPath(path);
    let handle: FileHandle;
    try {
      handle = await openForReading(path, roots);
    } catch (error) {
      const code = errnoOf(error);
      if (code === "ENOENT" || code === "ENOTDIR") return null;
      if (code === "ENXIO") throw new BadRequest(`${path}: not a regular file`);
      return refuse(error, path);
    }
    const stat = await handle.stat();
    if (stat.isFile()) return { handle, sizeBytes: stat.size };
    await handle.close();
    throw new BadRequest(`${path}: not a regular file`);
  }

  async function write(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    checkPath(path);
    await writeFileAt(path, roots, content).catch((error: unknown) => refuse(error, path));
  }

  async function list(path: string): Promise<WireDirectoryEntry[]> {
    checkPath(path);
    return inDirectoryAt(path, roots, listNames).catch((error: unknown) => refuse(error, path));
  }

  return { open, write, list };
}

async function listNames(directory: string): Promise<WireDirectoryEntry[]> {
  const entries: WireDirectoryEntry[] = [];
  for (const name of (await readdir(directory)).sort().slice(0, MAX_LISTED)) {
    const stat = await lstat(`${directory}/${name}`).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return null;
      throw error;
    });
    if (!stat) continue;
    const kind = stat.isFile()
      ? "file"
      : stat.isDirectory()
        ? "directory"
        : stat.isSymbolicLink()
          ? "symlink"
          : "other";
    entries.push({ name, kind, sizeBytes: stat.size, modifiedAt: Math.round(stat.mtimeMs) });
  }
  return entries;
}
