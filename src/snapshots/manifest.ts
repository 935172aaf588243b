// The manifest of a snapshot: one object a directory, each naming what is in it and the objects of the directories below. An unchanged
// directory is the same object again.
import { messageOf } from "../lib/errors.ts";
import { type ChunkReader, DamagedChunk } from "./chunk-reader.ts";
import { type Content, chunksOf, fromStoredContent, type StoredContent, toStoredContent } from "./content.ts";
import type { PackWriter } from "./pack-writer.ts";

/** `changed`: it went on changing while it was read, and is as it was at some moment. */
export type ManifestFile = {
  kind: "file";
  path: string;
  mode: number;
  mtimeNs: string;
  content: Content;
  changed: boolean;
};
export type ManifestDirectory = { kind: "directory"; path: string; mode: number; mtimeNs: string };
export type ManifestSymlink = { kind: "symlink"; path: string; mtimeNs: string; target: string };
/** Another name of the file `to`. */
export type ManifestLink = { kind: "link"; path: string; to: string };
export type ManifestEntry = ManifestFile | ManifestDirectory | ManifestSymlink | ManifestLink;

/** By path. */
export type Manifest = Map<string, ManifestEntry>;

/** One line of a directory's object. */
type StoredEntry =
  | ({ name: string; kind: "file"; mode: number; mtimeNs: string; changed?: true } & StoredContent)
  | ({ name: string; kind: "directory"; mode: number; mtimeNs: string } & StoredContent)
  | { name: string; kind: "symlink"; mtimeNs: string; target: string }
  | { name: string; kind: "link"; to: string };

const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));
const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** Stores the objects, the deepest first. `objects` holds them all, the root's too. */
export async function writeManifest(
  entries: Iterable<ManifestEntry>,
  writer: PackWriter,
): Promise<{ root: Content; objects: Content[] }> {
  const inDirectory = new Map<string, ManifestEntry[]>([["", []]]);
  for (const entry of entries) {
    const parent = parentOf(entry.path);
    const others = inDirectory.get(parent);
    if (others) others.push(entry);
    else inDirectory.set(parent, [entry]);
    if (entry.kind === "directory" && !inDirectory.has(entry.path)) inDirectory.set(entry.path, []);
  }
  const objects = new Map<string, Content>();
  const depth = (path: string) => (path === "" ? 0 : path.split("/").length);
  const directories = [...inDirectory.keys()].sort((a, b) => depth(b) - depth(a) || (a < b ? -1 : 1));
  for (const path of directories) {
    const inside = (inDirectory.get(path) ?? []).sort((a, b) => (a.path < b.path ? -1 : 1));
    const lines = inside.map((entry) => `${JSON.stringify(toStored(entry, objects))}\n`);
    objects.set(path, await writer.writeBytes(Buffer.from(lines.join(""))));
  }
  const root = objects.get("");
  if (!root) throw new Error("a manifest has a root");
  return { root, objects: [...objects.values()] };
}

function toStored(entry: ManifestEntry, objects: ReadonlyMap<string, Content>): StoredEntry {
  const name = nameOf(entry.path);
  switch (entry.kind) {
    case "file": {
      const { kind, mode, mtimeNs, content, changed } = entry;
      return { name, kind, mode, mtimeNs, ...(changed ? { changed } : {}), ...toStoredContent(content) };
    }
    case "directory": {
      const object = objects.get(entry.path);
      if (!object) throw new Error(`the directory ${entry.path} has no object`);
      const { kind, mode, mtimeNs } = entry;
      return { name, kind, mode, mtimeNs, ...toStoredContent(object) };
    }
    case "symlink":
      return { name, kind: "symlink", mtimeNs: entry.mtimeNs, target: entry.target };
    case "link":
      return { name, kind: "link", to: entry.to };
  }
}

export type Damage = { path: string; why: string };
export type ReadManifest = {
  manifest: Manifest;
  /** Contents of the objects themselves, the root's too. */
  objects: Content[];
  /** Directories whose object can't be read: what was in them is not known. */
  damaged: Damage[];
};

/** Level by level, so that a tree takes as many requests as it is deep, or a few more. */
export async function readManifest(root: Content, reader: ChunkReader): Promise<ReadManifest> {
  const result: ReadManifest = { manifest: new Map(), objects: [root], damaged: [] };
  let level: { path: string; content: Content }[] = [{ path: "", content: root }];
  while (level.length > 0) {
    const next: typeof level = [];
    for await (const { path, bytes, damage } of readObjects(level, reader)) {
      if (bytes === null) {
        result.damaged.push({ path, why: damage ?? "it can't be read" });
        continue;
      }
      for (const stored of parseObject(bytes)) {
        const entry = fromStored(path, stored);
        result.manifest.set(entry.path, entry);
        if (stored.kind !== "directory") continue;
        const content = fromStoredContent(stored);
        result.objects.push(content);
        next.push({ path: entry.path, content });
      }
    }
    level = next;
  }
  return result;
}

type ReadObject = { path: string; bytes: Buffer | null; damage?: string };

async function* readObjects(
  level: readonly { path: string; content: Content }[],
  reader: ChunkReader,
): AsyncGenerator<ReadObject> {
  // Most objects are one chunk, and neighbours: those are read together.
  const simple = level.filter(({ content }) => content.segments.length === 1);
  const refs = simple.flatMap(({ content }) => chunksOf(content));
  let index = 0;
  for await (const read of reader.readChunks(refs)) {
    const path = simple[index++]?.path ?? "";
    yield "damage" in read ? { path, bytes: null, damage: read.damage.message } : { path, bytes: read.bytes };
  }
  for (const { path, content } of level.filter((one) => one.content.segments.length !== 1)) {
    try {
      yield { path, bytes: await reader.readContent(content) };
    } catch (error) {
      if (!(error instanceof DamagedChunk)) throw error;
      yield { path, bytes: null, damage: messageOf(error) };
    }
  }
}

/** Its bytes have the hash that was written down, so they are what `writeManifest` wrote. */
function parseObject(bytes: Buffer): StoredEntry[] {
  const lines = bytes.toString("utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as StoredEntry);
}

function fromStored(directory: string, stored: StoredEntry): ManifestEntry {
  const path = directory === "" ? stored.name : `${directory}/${stored.name}`;
  switch (stored.kind) {
    case "file": {
      const { kind, mode, mtimeNs, changed } = stored;
      return { kind, path, mode, mtimeNs, changed: changed ?? false, content: fromStoredContent(stored) };
    }
    case "directory":
      return { kind: "directory", path, mode: stored.mode, mtimeNs: stored.mtimeNs };
    case "symlink":
      return { kind: "symlink", path, mtimeNs: stored.mtimeNs, target: stored.target };
    case "link":
      return { kind: "link", path, to: stored.to };
  }
}
