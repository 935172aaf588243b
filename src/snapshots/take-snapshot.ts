// Takes a snapshot: one walk over the tree, the files that are not known are read, packs are put away, and then it exists, in one transaction.
import type { BlobStore } from "../blobs/blobs.ts";
import { type Database, type DatabaseTransaction, inTransaction } from "../db/database.ts";
import type { Fence } from "../db/events.ts";
import { giveToForks } from "../db/restores.ts";
import {
  commitSnapshot,
  databaseNow,
  extendSnapshot,
  insertPack,
  isPackKept,
  type SnapshotChanges,
  type SnapshotReason,
  type SnapshotRow,
} from "../db/snapshots.ts";
import type { Clock } from "../lib/clock.ts";
import { messageOf, PlatformError } from "../lib/errors.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { Sandbox, TreeRead, TreeStat } from "../sandboxes/sandbox.ts";
import { createChunkReader } from "./chunk-reader.ts";
import { compareManifests } from "./compare-manifests.ts";
import { type Content, chunksOf, fromStoredContent, packKey, toStoredContent } from "./content.ts";
import { type LeftOut, type ListedFile, type Listing, listingLimits, MAX_LEFT_OUT, takeListing } from "./listing.ts";
import { type Manifest, type ManifestEntry, readManifest, writeManifest } from "./manifest.ts";
import { findMissingPacks } from "./missing-packs.ts";
import { type ContentWriter, createPackWriter, type PackWriter } from "./pack-writer.ts";
import { fingerprintOf, getIndex, putIndex, removeIndexes, type StatIndex } from "./stat-index.ts";

export type SnapshotDeps = { db: Database; blobs: BlobStore; clock: Clock; logger: Logger };

export type TakeSnapshot = {
  teamId: string;
  sessionId: string;
  sandbox: Pick<Sandbox, "identity" | "listTree" | "readTree">;
  /** Of the sandbox: what its files may take follows from it. */
  diskMb: number;
  reason: SnapshotReason;
  /** Where the session's log ends: which part of the conversation these files belong to. */
  seq: number;
  /** What the disk was last taken to or restored from; its files need not be read again. Null: everything is read. */
  base: SnapshotRow | null;
  /** Whoever takes it goes on to use the sandbox. */
  inUse?: boolean;
  /** Of whoever holds the session: what was begun under a lease that is lost since is no snapshot. Absent: nobody has to. */
  fence?: Fence;
  signal?: AbortSignal;
};

/** `unchanged`: the tree is that of `base`, which then stands for this moment, too. */
export type SnapshotResult = {
  snapshotId: string;
  unchanged: boolean;
  files: number;
  totalBytes: number;
  /** What was read, and what of it was new to the store, compressed. */
  filesRead: number;
  newPacks: number;
  newBytes: number;
  leftOutCount: number;
  changedCount: number;
  durationMs: number;
};

/** What is known of the disk from `base`. `before`: all that was in it, also what has to be read again; null when nobody knows. */
type Known = { before: Manifest | null; manifest: Manifest; objects: Content[]; index: StatIndex };

/**
 * Throws `request_too_large` when the tree is larger than what is kept, `unavailable` when the blob store is away, `sandbox_gone`
 * with the sandbox, the signal's reason, `lease_lost` with the lease, and `conflict` when the session, or what `base` shares with it, was deleted meanwhile.
 */
export async function takeSnapshot(deps: SnapshotDeps, input: TakeSnapshot): Promise<SnapshotResult> {
  const { db, blobs, clock } = deps;
  const { teamId, sessionId, sandbox, base, inUse = false, fence = null, signal } = input;
  const signalled = signal ? { signal } : {};
  const startedAt = clock.now();
  const noted = { begunAt: await databaseNow(db), inUse, fence };
  const known = base ? await recall(deps, input, base) : nothingKnown(new Map());
  const listing = await takeListing(sandbox.listTree(signalled), listingLimits(input));
  const writer = createPackWriter({
    known: [...contentsOf(known.manifest.values()), ...known.objects].flatMap(chunksOf),
    async store({ id, bytes }) {
      signal?.throwIfAborted();
      // Its row comes first: what nobody refers to in the end is found by it.
      await insertPack(db, { id, teamId, sizeBytes: bytes.length });
      await blobs.put(packKey(teamId, id), bytes, signalled);
      if (await isPackKept(db, { id })) return;
      // Nobody would find it any more.
      await blobs.remove(packKey(teamId, id));
      throw new PlatformError("conflict", "This snapshot took so long that its first packs were removed meanwhile.");
    },
  });
  const tree = await readTree({ input, listing, known, writer });
  const { root, objects } = await writeManifest(tree.entries.values(), writer);
  const { packs: newPacks, storedBytes: newBytes } = await writer.finish();
  signal?.throwIfAborted();

  const figures = figuresOf(tree.entries);
  const { leftOut, leftOutCount, filesRead, index } = tree;
  const told = { files: figures.files, totalBytes: figures.totalBytes, changedCount: figures.changedCount };
  const result = { ...told, filesRead, newPacks, newBytes, leftOutCount };
  const owner = { teamId, sessionId, identity: sandbox.identity };
  const share = { sessionId, newId: () => newId("snapshot", clock.now()) };
  const same = base !== null && base.sessionId === sessionId && base.root.sha256 === root.sha256 ? base : null;
  if (same && (await inTransaction(db, (tx) => extend(tx, same.id)))) {
    if (filesRead > 0) await putIndex(blobs, { ...owner, snapshotId: same.id }, index);
    return { snapshotId: same.id, unchanged: true, ...result, durationMs: clock.now() - startedAt };
  }
  const id = newId("snapshot", clock.now());
  await putIndex(blobs, { ...owner, snapshotId: id }, index);
  const packs = new Set([...contentsOf(tree.entries.values()), ...objects].flatMap(chunksOf).map((ref) => ref.pack));
  const { reason, seq } = input;
  const row = { id, ...owner, reason, seq, root: toStoredContent(root), ...figures, newBytes, leftOut, leftOutCount };
  const changes = known.before && { since: sinceOf(base), ...compareManifests(known.before, tree.entries) };
  await inTransaction(db, async (tx) => {
    await commitSnapshot(tx, { ...row, changes, packs: [...packs], ...noted });
    await giveToForks(tx, { ...share, snapshotId: id });
  });
  await forgetOldIndexes(deps, { sessionId, snapshotId: id });
  return { snapshotId: id, unchanged: false, ...result, durationMs: clock.now() - startedAt };

  async function extend(tx: DatabaseTransaction, snapshotId: string): Promise<boolean> {
    const { seq } = input;
    const extended = await extendSnapshot(tx, { id: snapshotId, teamId, sessionId, seq, ...noted });
    if (extended) await giveToForks(tx, { ...share, snapshotId });
    return extended;
  }
}

function nothingKnown(before: Manifest | null): Known {
  return { before, manifest: new Map(), objects: [], index: new Map() };
}

/** The last moment of which it is known that the files were those of `base`. */
function sinceOf(base: SnapshotRow | null): SnapshotChanges["since"] {
  return base && { snapshotId: base.id, seq: base.untilSeq, at: base.untilAt.toISOString() };
}

/** A base that can't be read any more is none: everything is read and stored anew. */
async function recall({ blobs, logger }: SnapshotDeps, input: TakeSnapshot, base: SnapshotRow): Promise<Known> {
  const { teamId, sessionId, sandbox, signal } = input;
  const reader = createChunkReader({ blobs, teamId, signal });
  const { manifest, objects, damaged } = await readManifest(fromStoredContent(base.root), reader);
  if (damaged.length > 0) {
    logger.error({ sessionId, snapshotId: base.id, damaged: damaged.slice(0, 10) }, "a snapshot is damaged");
    return nothingKnown(null);
  }
  const owner = { sessionId, snapshotId: base.id, identity: sandbox.identity };
  const known = { before: manifest, manifest, objects, index: await getIndex(blobs, owner) };
  const refs = [...contentsOf(manifest.values()), ...objects].flatMap(chunksOf);
  const missing = await findMissingPacks({ blobs, teamId, refs, signal });
  if (missing.size === 0) return known;
  const packs = [...missing].slice(0, 10);
  logger.error(
    { sessionId, snapshotId: base.id, packs },
    "packs are missing in the blob store; their files are read again",
  );
  return withoutPacks(known, missing);
}

/** What lies in them is not known: it is read, and stored, again. */
function withoutPacks({ before, manifest, objects, index }: Known, missing: ReadonlySet<string>): Known {
  const isThere = (content: Content) => chunksOf(content).every(({ pack }) => !missing.has(pack));
  const left = [...manifest].filter(([, entry]) => entry.kind !== "file" || isThere(entry.content));
  return { before, manifest: new Map(left), objects: objects.filter(isThere), index };
}

function contentsOf(entries: Iterable<ManifestEntry>): Content[] {
  return [...entries].flatMap((entry) => (entry.kind === "file" ? [entry.content] : []));
}

type Tree = {
  entries: Map<string, ManifestEntry>;
  index: StatIndex;
  leftOut: LeftOut[];
  leftOutCount: number;
  filesRead: number;
};

/** What is known is taken over, the rest is read. */
async function readTree(options: {
  input: TakeSnapshot;
  listing: Listing;
  known: Known;
  writer: PackWriter;
}): Promise<Tree> {
  const { input, listing, known, writer } = options;
  const tree: Tree = {
    entries: new Map(),
    index: new Map(),
    leftOut: [...listing.leftOut],
    leftOutCount: listing.leftOutCount,
    filesRead: 0,
  };
  const toRead: ListedFile[] = [];
  for (const entry of listing.entries.values()) {
    const { path, stat } = entry;
    const { mode, mtimeNs } = stat;
    if (entry.kind === "directory") tree.entries.set(path, { kind: "directory", path, mode, mtimeNs });
    else if (entry.kind === "symlink") tree.entries.set(path, { kind: "symlink", path, mtimeNs, target: entry.target });
    else if (entry.kind === "link") tree.entries.set(path, { kind: "link", path, to: entry.to });
    else {
      const fingerprint = fingerprintOf(stat);
      const before = known.index.get(path) === fingerprint ? known.manifest.get(path) : undefined;
      if (before?.kind === "file") {
        tree.entries.set(path, before);
        tree.index.set(path, fingerprint);
      } else toRead.push(entry);
    }
  }
  const paths = toRead.map((entry) => entry.path);
  if (paths.length > 0) {
    const parts = input.sandbox.readTree(paths, input.signal ? { signal: input.signal } : {});
    await takeContents(parts, { paths, tree, writer, maxBytes: 5 * listingLimits(input).maxTotalBytes });
  }
  tree.filesRead = paths.length;
  dropLooseLinks(tree);
  return tree;
}

function leaveOut(tree: Tree, path: string, why: string): void {
  tree.leftOutCount += 1;
  if (tree.leftOut.length < MAX_LEFT_OUT) tree.leftOut.push({ path, why });
}

/** Files come in the order they were asked for, each with no more than it said it has. */
async function takeContents(
  parts: AsyncIterable<TreeRead>,
  options: { paths: readonly string[]; tree: Tree; writer: PackWriter; maxBytes: number },
): Promise<void> {
  const { paths, tree, writer } = options;
  let next = 0;
  let leftBytes = options.maxBytes;
  let file: { stat: TreeStat; content: ContentWriter; leftBytes: number } | null = null;
  const take = (bytes: number) => {
    if (!file || bytes > file.leftBytes || bytes > leftBytes) throw nonsense("a file has more than it can have");
    file.leftBytes -= bytes;
    leftBytes -= bytes;
    return file.content;
  };
  for await (const part of parts) {
    const path = paths[next] ?? "";
    if ((part.type === "file" || part.type === "unreadable") && part.path !== path)
      throw nonsense("a file comes that nobody asked for");
    if (part.type === "file")
      file = { stat: part, content: writer.writeContent(part.sizeBytes), leftBytes: part.sizeBytes };
    else if (part.type === "data") await take(part.bytes.length).data(toBuffer(part.bytes));
    else if (part.type === "hole") await take(part.lengthBytes).hole(part.lengthBytes);
    else if (part.type === "again") file = null;
    else if (part.type === "unreadable") {
      next += 1;
      file = null;
      // One that was deleted meanwhile is not there any more, that is all.
      if (part.why !== "no such file or directory") leaveOut(tree, path, part.why);
    } else {
      if (!file) throw nonsense("a file ends that has not begun");
      const { mode, mtimeNs } = file.stat;
      const content = await file.content.end();
      tree.entries.set(path, { kind: "file", path, mode, mtimeNs, content, changed: part.changed });
      if (part.settled && !part.changed) tree.index.set(path, fingerprintOf(file.stat));
      next += 1;
      file = null;
    }
  }
  if (next < paths.length) throw nonsense("files are missing that it listed");
}

function nonsense(what: string): PlatformError {
  return new PlatformError("sandbox_unavailable", `the sandbox told nonsense of its files: ${what}`);
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Other names of a file that could not be read. */
function dropLooseLinks(tree: Tree): void {
  for (const [path, entry] of tree.entries) {
    if (entry.kind !== "link" || tree.entries.get(entry.to)?.kind === "file") continue;
    tree.entries.delete(path);
    leaveOut(tree, path, "the file that it is another name of could not be read");
  }
}

function figuresOf(entries: ReadonlyMap<string, ManifestEntry>) {
  const figures = { files: 0, directories: 0, symlinks: 0, links: 0, totalBytes: 0, changedCount: 0 };
  for (const entry of entries.values()) {
    if (entry.kind === "file") {
      figures.files += 1;
      figures.totalBytes += entry.content.sizeBytes;
      if (entry.changed) figures.changedCount += 1;
    } else if (entry.kind === "directory") figures.directories += 1;
    else if (entry.kind === "symlink") figures.symlinks += 1;
    else figures.links += 1;
  }
  return figures;
}

/** Those of earlier snapshots help nobody any more. */
async function forgetOldIndexes(
  { blobs, logger }: SnapshotDeps,
  { snapshotId, ...session }: { sessionId: string; snapshotId: string },
): Promise<void> {
  try {
    await removeIndexes(blobs, session, { except: snapshotId });
  } catch (error) {
    // They are small, and the next snapshot tries again.
    logger.debug({ err: error, sessionId: session.sessionId, reason: messageOf(error) }, "old indexes stay for now");
  }
}
