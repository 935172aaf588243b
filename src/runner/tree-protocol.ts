// The wire of a sandbox's tree: what is listed, read and written of /workspace and /home/agent, and the hand-written parsers.
// A path is its bytes as latin1 text, from `workspace` or `home` on: names need not be UTF-8.
import { encodeFrame, encodeFrameHead } from "./frames.ts";
import { BadRequest } from "./protocol.ts";

export const TREE_ROOTS = ["workspace", "home"] as const;
export const MAX_PATH_BYTES = 4096;
export const MAX_NAME_BYTES = 255;
/** Names in a path, the root's own one counted. */
export const MAX_DEPTH = 256;
/** Pieces of a file's content on the wire. */
export const PIECE_BYTES = 256 * 1024;

/** `mtimeNs` and its like are decimal text: nanoseconds do not fit a number. */
export type WireStat = {
  mode: number;
  sizeBytes: number;
  /** What it takes on the disk; less than its size when it has holes. */
  allocatedBytes: number;
  mtimeNs: string;
  ctimeNs: string;
  inode: string;
  links: number;
};

/** `left_out`: what can't be kept, and why. */
export type WireTreeEntry =
  | ({ kind: "file" | "directory"; path: string } & WireStat)
  | ({ kind: "symlink"; path: string; target: string } & WireStat)
  | { kind: "left_out"; path: string; why: string };

/** From the runner while files are read. `again`: it changed meanwhile, what came of it does not count. */
export const FROM_TREE = { file: 1, data: 2, hole: 3, again: 4, end: 5, unreadable: 6 } as const;
/**
 * `settled`: it was not written to in the moments before it was read, so that a later write shows in its times.
 * `unreadable`: it is not there any more, no regular file, or not ours to read.
 */
export type WireTreeRead =
  | ({ type: "file"; path: string } & WireStat)
  | { type: "data"; bytes: Uint8Array }
  | { type: "hole"; lengthBytes: number }
  | { type: "again" }
  | { type: "end"; changed: boolean; settled: boolean }
  | { type: "unreadable"; path: string; why: string };

/** To the runner. After `file` come `data` and `hole`, then `end`, or `abort`, which leaves what was there before. */
export const TO_TREE = { part: 1, data: 2, hole: 3 } as const;
export type WireTreePart =
  | { do: "remove"; path: string }
  | { do: "directory"; path: string }
  | { do: "file"; path: string; mode: number; mtimeNs: string }
  | { do: "data"; bytes: Uint8Array }
  | { do: "hole"; lengthBytes: number }
  | { do: "end" }
  | { do: "abort" }
  | { do: "symlink"; path: string; target: string; mtimeNs: string }
  | { do: "link"; path: string; to: string }
  | { do: "attributes"; path: string; mode: number; mtimeNs: string };

/** One line for each part that has a path; of a file once it has ended. `stat` is what a file has now. */
export type WireTreeWritten = { path: string; problem: string | null; stat: WireStat | null };

/** One line for each file that was asked for, in that order. Without a hash: it can't be read, is no regular file, or changed meanwhile. */
export type WireTreeHash = { path: string; sha256: string | null; stat: WireStat | null };

/** Throws unless it is a path of a tree: no way out of it, nothing twice the same. */
export function checkTreePath(path: string): string {
  const segments = path.split("/");
  const fits =
    path.length <= MAX_PATH_BYTES &&
    segments.length <= MAX_DEPTH &&
    TREE_ROOTS.some((root) => root === segments[0]) &&
    segments.every((name) => name !== "" && name !== "." && name !== ".." && name.length <= MAX_NAME_BYTES) &&
    isBytes(path);
  if (!fits) throw new BadRequest(`path: not a path of a sandbox's tree: ${JSON.stringify(path.slice(0, 200))}`);
  return path;
}

/** Latin1 text without NUL. */
function isBytes(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0 || code > 255) return false;
  }
  return true;
}

type Fields = Record<string, unknown>;

function fieldsOf(json: string): Fields {
  const value: unknown = JSON.parse(json);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new BadRequest("not an object");
  // Any such object can be read by string keys; each field is checked where it is used.
  return value as Fields;
}

function pathOf(fields: Fields, key = "path"): string {
  const value = fields[key];
  if (typeof value !== "string") throw new BadRequest(`${key}: not a text`);
  return checkTreePath(value);
}

function textOf(fields: Fields, key: string, maxLength: number): string {
  const value = fields[key];
  if (typeof value !== "string" || value.length > maxLength) throw new BadRequest(`${key}: not a text that fits`);
  return value;
}

function countOf(fields: Fields, key: string): number {
  const value = fields[key];
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new BadRequest(`${key}: no count`);
  return value;
}

/** Whole nanoseconds or an inode's number; negative before 1970. */
function wholeOf(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string" || !/^-?\d{1,20}$/.test(value)) throw new BadRequest(`${key}: not a whole number`);
  return value;
}

/** An empty target, or one with a NUL, is none that a link can have. */
function targetOf(fields: Fields): string {
  const target = textOf(fields, "target", MAX_PATH_BYTES);
  if (target === "" || !isBytes(target)) throw new BadRequest("target: not one that a link can have");
  return target;
}

function modeOf(fields: Fields): number {
  const mode = countOf(fields, "mode");
  if (mode > 0o7777) throw new BadRequest("mode: more than permission bits");
  return mode;
}

function statOf(fields: Fields): WireStat {
  return {
    mode: modeOf(fields),
    sizeBytes: countOf(fields, "sizeBytes"),
    allocatedBytes: countOf(fields, "allocatedBytes"),
    mtimeNs: wholeOf(fields, "mtimeNs"),
    ctimeNs: wholeOf(fields, "ctimeNs"),
    inode: wholeOf(fields, "inode"),
    links: countOf(fields, "links"),
  };
}

export function parseTreeEntry(line: string): WireTreeEntry {
  const fields = fieldsOf(line);
  const { kind } = fields;
  // It is only told, so its path need not be one that can be gone to.
  if (kind === "left_out")
    return { kind, path: textOf(fields, "path", MAX_PATH_BYTES), why: textOf(fields, "why", 200) };
  if (kind === "symlink") return { kind, path: pathOf(fields), target: targetOf(fields), ...statOf(fields) };
  if (kind === "file" || kind === "directory") return { kind, path: pathOf(fields), ...statOf(fields) };
  throw new BadRequest("kind: unknown");
}

export function parseTreeRead(type: number, payload: Buffer): WireTreeRead {
  switch (type) {
    case FROM_TREE.data:
      return { type: "data", bytes: payload };
    case FROM_TREE.hole:
      return { type: "hole", lengthBytes: decodeLength(payload) };
    case FROM_TREE.again:
      return { type: "again" };
    case FROM_TREE.file: {
      const fields = fieldsOf(payload.toString("utf8"));
      return { type: "file", path: pathOf(fields), ...statOf(fields) };
    }
    case FROM_TREE.end: {
      const { changed, settled } = fieldsOf(payload.toString("utf8"));
      return { type: "end", changed: changed === true, settled: settled === true };
    }
    case FROM_TREE.unreadable: {
      const fields = fieldsOf(payload.toString("utf8"));
      return { type: "unreadable", path: pathOf(fields), why: textOf(fields, "why", 200) };
    }
    default:
      throw new BadRequest(`no such frame: ${type}`);
  }
}

export function parseTreeWritten(line: string): WireTreeWritten {
  const fields = fieldsOf(line);
  const stat = fields.stat === null ? null : statOf(fieldsOf(JSON.stringify(fields.stat)));
  return { path: pathOf(fields), problem: fields.problem === null ? null : textOf(fields, "problem", 1000), stat };
}

export function parseTreeHash(line: string): WireTreeHash {
  const fields = fieldsOf(line);
  const sha256 = fields.sha256 === null ? null : textOf(fields, "sha256", 64);
  const stat = fields.stat === null ? null : statOf(fieldsOf(JSON.stringify(fields.stat)));
  return { path: pathOf(fields), sha256, stat };
}

/** In pieces: content is not copied. */
export function encodeTreePart(part: WireTreePart): Uint8Array[] {
  if (part.do === "data") return [encodeFrameHead(TO_TREE.data, part.bytes.length), part.bytes];
  if (part.do === "hole") return [encodeFrame(TO_TREE.hole, encodeLength(part.lengthBytes))];
  return [encodeFrame(TO_TREE.part, Buffer.from(JSON.stringify(part)))];
}

export function parseTreePart(type: number, payload: Buffer): WireTreePart {
  if (type === TO_TREE.data) return { do: "data", bytes: payload };
  if (type === TO_TREE.hole) return { do: "hole", lengthBytes: decodeLength(payload) };
  if (type !== TO_TREE.part) throw new BadRequest(`no such frame: ${type}`);
  const fields = fieldsOf(payload.toString("utf8"));
  const times = () => ({ mode: modeOf(fields), mtimeNs: wholeOf(fields, "mtimeNs") });
  switch (fields.do) {
    case "remove":
    case "directory":
      return { do: fields.do, path: pathOf(fields) };
    case "file":
    case "attributes":
      return { do: fields.do, path: pathOf(fields), ...times() };
    case "end":
    case "abort":
      return { do: fields.do };
    case "symlink":
      return { do: "symlink", path: pathOf(fields), target: targetOf(fields), mtimeNs: wholeOf(fields, "mtimeNs") };
    case "link":
      return { do: "link", path: pathOf(fields), to: pathOf(fields, "to") };
    default:
      throw new BadRequest("do: unknown");
  }
}

export function encodeLength(lengthBytes: number): Buffer {
  const payload = Buffer.allocUnsafe(8);
  payload.writeBigUInt64BE(BigInt(lengthBytes));
  return payload;
}

function decodeLength(payload: Buffer): number {
  const length = payload.length === 8 ? Number(payload.readBigUInt64BE()) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw new BadRequest("a length has eight bytes");
  return length;
}
