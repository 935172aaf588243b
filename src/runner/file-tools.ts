// The file tools of the toolset: read, write, edit. Texts and limits are the ones that models know from the official toolset.
import type { FileHandle } from "node:fs/promises";
import { imageTypeOf } from "../lib/image-type.ts";
import { errnoOf, fileErrorText, type Roots, ToolError } from "./paths.ts";
import { openPlaceToRead, type Place } from "./place.ts";
import { replaceFile, writeFileAt } from "./replace-file.ts";

/** Files above this are read by line range only and cannot be edited. */
const MAX_TEXT_BYTES = 256 * 1024;
const MAX_IMAGE_BYTES = 3_750_000;
const CHUNK_BYTES = 64 * 1024;

export type ReadResult = { content: string; image?: { mediaType: string; data: string } };

async function inTool<T>(tool: string, filePath: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ToolError) throw error;
    if (errnoOf(error) === undefined) throw error;
    throw new ToolError(`${tool}: ${fileErrorText(error, filePath)}`);
  }
}

async function withRegularFile<T>(
  tool: string,
  filePath: string,
  roots: Roots,
  work: (handle: FileHandle, sizeBytes: number, place: Place) => Promise<T>,
): Promise<T> {
  let opened: Awaited<ReturnType<typeof openPlaceToRead>>;
  try {
    opened = await openPlaceToRead(filePath, roots);
  } catch (error) {
    // A socket can't be opened at all; the reader is told what it is, not which system call failed.
    if (errnoOf(error) === "ENXIO") throw new ToolError(`${tool}: ${filePath} is not a regular file`);
    throw error;
  }
  const { place, handle } = opened;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new ToolError(`${tool}: ${filePath} is not a regular file`);
    return await work(handle, stat.size, place);
  } finally {
    place.close();
    await handle.close();
  }
}

/** Reads at most `limit` bytes, also when the file grows meanwhile. */
async function readBytes(handle: FileHandle, limit: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let total = 0;
  while (total < limit) {
    const piece = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, limit - total));
    const { bytesRead } = await handle.read(piece, 0, piece.length, total);
    if (bytesRead === 0) break;
    pieces.push(piece.subarray(0, bytesRead));
    total += bytesRead;
  }
  return Buffer.concat(pieces);
}

export async function readTool(
  input: { filePath: string; viewRange?: [number, number] },
  roots: Roots,
): Promise<ReadResult> {
  const { filePath, viewRange } = input;
  if (!filePath) throw new ToolError("read: file_path is required");
  return inTool("read", filePath, () =>
    withRegularFile("read", filePath, roots, async (handle, sizeBytes) => {
      const start = Buffer.alloc(16);
      const { bytesRead } = await handle.read(start, 0, 16, 0);
      const mediaType = imageTypeOf(start.subarray(0, bytesRead));
      if (mediaType) return readImage(handle, filePath, mediaType, sizeBytes);
      if (sizeBytes > MAX_TEXT_BYTES) {
        if (viewRange) return { content: await readLines(handle, filePath, viewRange) };
        throw new ToolError(
          `read: ${filePath} is ${sizeBytes} bytes, exceeds ${MAX_TEXT_BYTES}-byte limit. ` +
            "Use the view_range parameter to read specific line ranges, e.g. view_range: [1, 500].",
        );
      }
      const content = (await readBytes(handle, MAX_TEXT_BYTES)).toString("utf8");
      if (!viewRange) return { content };
      const lines = content.split("\n");
      const [first, last] = viewRange;
      return { content: lines.slice(Math.max(0, first - 1), last > 0 ? last : lines.length).join("\n") };
    }),
  );
}

async function readImage(
  handle: FileHandle,
  filePath: string,
  mediaType: string,
  sizeBytes: number,
): Promise<ReadResult> {
  if (sizeBytes > MAX_IMAGE_BYTES) {
    throw new ToolError(`read: ${filePath} is an image of ${sizeBytes} bytes, exceeds ${MAX_IMAGE_BYTES}-byte limit.`);
  }
  const bytes = await readBytes(handle, MAX_IMAGE_BYTES);
  return { content: `${mediaType}, ${bytes.length} bytes`, image: { mediaType, data: bytes.toString("base64") } };
}

/** Lines `[first, last]` of a file of any size; a line is never held in memory beyond the limit. */
async function readLines(handle: FileHandle, filePath: string, [first, last]: [number, number]): Promise<string> {
  const firstIndex = Math.max(0, first - 1);
  const endIndex = last > 0 ? last : Number.POSITIVE_INFINITY;
  if (endIndex <= firstIndex) return "";
  const pieces: Buffer[] = [];
  let kept = 0;
  let line = 0;
  const keep = (bytes: Buffer) => {
    kept += bytes.length;
    if (kept > MAX_TEXT_BYTES) throw new ToolError(tooMuch(filePath, [first, last], endIndex - firstIndex === 1));
    pieces.push(bytes);
  };
  for (let position = 0; line < endIndex; ) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    let start = 0;
    while (start < bytesRead && line < endIndex) {
      const newline = chunk.subarray(0, bytesRead).indexOf(0x0a, start);
      const isLast = line + 1 >= endIndex;
      const end = newline < 0 ? bytesRead : newline;
      if (line >= firstIndex) keep(chunk.subarray(start, newline >= 0 && !isLast ? end + 1 : end));
      if (newline < 0) break;
      line += 1;
      start = newline + 1;
    }
  }
  return Buffer.concat(pieces).toString("utf8");
}

function tooMuch(filePath: string, [first, last]: [number, number], singleLine: boolean): string {
  return singleLine
    ? `read: line ${Math.max(0, first - 1) + 1} of ${filePath} alone exceeds ${MAX_TEXT_BYTES}-byte limit. ` +
        "The read tool cannot return part of a line, so view_range cannot narrow this further."
    : `read: view_range [${first}, ${last}] of ${filePath} exceeds ${MAX_TEXT_BYTES}-byte limit. ` +
        "Narrow the view_range to read a smaller portion.";
}

export async function writeTool(input: { filePath: string; content: string }, roots: Roots): Promise<string> {
  if (!input.filePath) throw new ToolError("write: file_path is required");
  await inTool("write", input.filePath, () => writeFileAt(input.filePath, roots, input.content));
  return `wrote ${Buffer.byteLength(input.content)} bytes to ${input.filePath}`;
}

export async function editTool(
  input: { filePath: string; oldString: string; newString: string; replaceAll?: boolean },
  roots: Roots,
): Promise<string> {
  const { filePath, oldString, newString } = input;
  if (!filePath) throw new ToolError("edit: file_path is required");
  if (!oldString) throw new ToolError("edit: old_string is required");
  return inTool("edit", filePath, () =>
    withRegularFile("edit", filePath, roots, async (handle, sizeBytes, place) => {
      if (sizeBytes > MAX_TEXT_BYTES) {
        throw new ToolError(
          `edit: ${filePath} is ${sizeBytes} bytes, exceeds ${MAX_TEXT_BYTES}-byte limit. ` +
            "The edit tool loads the whole file and cannot modify a file this large.",
        );
      }
      const before = (await readBytes(handle, MAX_TEXT_BYTES)).toString("utf8");
      const parts = before.split(oldString);
      const count = parts.length - 1;
      if (count === 0) throw new ToolError(`edit: old_string not found in ${filePath}`);
      if (count > 1 && !input.replaceAll) {
        throw new ToolError(`edit: old_string appears ${count} times in ${filePath} (must be unique)`);
      }
      // Where it was read, whatever the path leads to by now.
      await inTool("edit: write", filePath, () => replaceFile(place, parts.join(newString)));
      return `edited ${filePath} (${count} replacement(s))`;
    }),
  );
}
