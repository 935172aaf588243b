// Writing a file in one step.
import { type FileHandle, open, rename, unlink } from "node:fs/promises";
import { errnoOf, type Roots, ToolError } from "./paths.ts";
import { openInPlace, openPlaceToWrite, type Place } from "./place.ts";
import { randomHex } from "./random.ts";

/** Makes the file that `path` leads to, with the directories above it, or replaces it. */
export async function writeFileAt(
  path: string,
  roots: Roots,
  content: string | AsyncIterable<Uint8Array>,
): Promise<void> {
  const place = await openPlaceToWrite(path, roots);
  try {
    await replaceFile(place, content);
  } finally {
    place.close();
  }
}

/**
 * Replaces a file in one step: a sibling is written, synced and renamed over it, so that a crash leaves the old or
 * the new content. An existing file keeps its permission bits; a new one is its owner's only.
 */
export async function replaceFile(place: Place, content: string | AsyncIterable<Uint8Array>): Promise<void> {
  const sibling = place.beside(`.tmp-${place.name.slice(0, 32)}-${randomHex(8)}`);
  const mode = await modeOfRegularFile(place);
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
    await rename(sibling, place.address);
  } catch (error) {
    await unlink(sibling).catch((cause: unknown) => {
      if (errnoOf(cause) !== "ENOENT") throw cause;
    });
    throw error;
  }
}

/** Permission bits of the regular file that is there; null when there is nothing. Anything else can't be replaced. */
async function modeOfRegularFile(place: Place): Promise<number | null> {
  let handle: FileHandle;
  try {
    handle = await openInPlace(place);
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
    if (!stat.isFile()) throw new ToolError(`${place.path} is not a regular file`);
    return stat.mode & 0o777;
  } finally {
    await handle.close();
  }
}
