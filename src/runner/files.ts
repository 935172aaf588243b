// Files for the platform (uploads, downloads, directory listings): only /workspace and the home directory, only regular files.
import type { FileHandle } from "node:fs/promises";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { openToOwner } from "../lib/open-to-owner.ts";
import { confine, errnoOf, fileErrorText, openForReading, replaceFile, ToolError } from "./paths.ts";
import { BadRequest, type WireDirectoryEntry } from "./protocol.ts";

const MAX_LISTED = 10_000;

export type Files = ReturnType<typeof createFiles>;

export function createFiles(options: { workspaceDir: string; homeDir: string }) {
  const resolvePath = async (path: string): Promise<string> => {
    if (path === "") throw new BadRequest("path: empty");
    // A root that the agent closed to itself would look as if nothing were in it.
    for (const root of [options.workspaceDir, options.homeDir]) openToOwner(root);
    try {
      return await confine(path, [options.workspaceDir, options.homeDir]);
    } catch (error) {
      if (error instanceof ToolError) throw new BadRequest(error.message);
      throw error;
    }
  };
  const refuse = (error: unknown, path: string): never => {
    if (error instanceof ToolError) throw new BadRequest(error.message);
    if (errnoOf(error) !== undefined) throw new BadRequest(fileErrorText(error, path));
    throw error;
  };

  /** An open regular file and its size; null when there is none. The caller closes it. */
  async function open(path: string): Promise<{ handle: FileHandle; sizeBytes: number } | null> {
    const real = await resolvePath(path);
    let handle: FileHandle;
    try {
      handle = await openForReading(real);
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
    const real = await resolvePath(path);
    await replaceFile(real, content).catch((error: unknown) => refuse(error, path));
  }

  async function list(path: string): Promise<WireDirectoryEntry[]> {
    const real = await resolvePath(path);
    const names = await readdir(real).catch((error: unknown) => refuse(error, path));
    const entries: WireDirectoryEntry[] = [];
    for (const name of names.sort().slice(0, MAX_LISTED)) {
      const stat = await lstat(join(real, name)).catch((error: unknown) => {
        if (errnoOf(error) === "ENOENT") return null;
        return refuse(error, path);
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

  return { open, write, list };
}
