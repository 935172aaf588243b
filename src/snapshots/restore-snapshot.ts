// Brings a sandbox's tree to what a snapshot holds, and tells what came back. Every content is checked; what is damaged is named, and the rest is restored.
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SnapshotRow } from "../db/snapshots.ts";
import { hasCode } from "../lib/errors.ts";
import type { Sandbox, TreePart } from "../sandboxes/sandbox.ts";
import { type ChunkReader, createChunkReader } from "./chunk-reader.ts";
import { chunksOf, fromStoredContent } from "./content.ts";
import { type Listing, listingLimits, takeListing } from "./listing.ts";
import { type Manifest, type ManifestFile, readManifest } from "./manifest.ts";
import { planRestore, type RestoreFacts, type RestorePlan, unknownContents } from "./plan-restore.ts";
import { shownPath } from "./shown-path.ts";
import { fingerprintOf, getIndex, putIndex, removeIndexes, type StatIndex } from "./stat-index.ts";
import type { SnapshotDeps } from "./take-snapshot.ts";

export type RestoreProgress = { files: number; totalFiles: number; bytes: number; totalBytes: number };

/** Paths are as people write them. Of lists, the first hundred. */
export type Receipt = {
  /** Null: an empty workspace was what it was brought back to. */
  snapshotId: string | null;
  takenAt: string | null;
  /** What the snapshot holds. */
  files: number;
  directories: number;
  symlinks: number;
  links: number;
  totalBytes: number;
  /** Files that were written, and those that were what they should be already. */
  writtenFiles: number;
  writtenBytes: number;
  sameFiles: number;
  removed: number;
  /** Files whose content was checked against its hash. */
  checkedFiles: number;
  refused: { path: string; why: string }[];
  refusedCount: number;
  /** What the snapshot could not hold. */
  leftOut: { path: string; why: string }[];
  leftOutCount: number;
  /** Files that changed while they were read. */
  changedCount: number;
  durationMs: number;
};

export type RestoreSnapshot = {
  teamId: string;
  /** The session whose sandbox it is. */
  sessionId: string;
  sandbox: Pick<Sandbox, "identity" | "listTree" | "hashTree" | "writeTree">;
  diskMb: number;
  snapshot: SnapshotRow;
  /** What the disk was last taken to or restored from: its files need not be written again. Null: not known. */
  base: SnapshotRow | null;
  /** What is on the disk is not the session's: what can't be brought back is removed, and does not stay as it is. */
  notOurs?: boolean;
  onProgress?: (progress: RestoreProgress) => void;
  /** Asked again and again while it writes: throws when the disk is not ours to change any more. */
  mayWrite?: () => Promise<void>;
  signal?: AbortSignal;
};

const MAX_NAMED = 100;
/** How often it is asked whether the disk is still ours. */
const ASK_MS = 250;
/** A frame of the runner's takes no more. */
const PIECE_BYTES = 512 * 1024;
const ZEROS = Buffer.alloc(1024 * 1024);

/** Throws `unavailable` when the blob store is away, `sandbox_gone` with the sandbox. Asked again after that, it goes on. */
export async function restoreSnapshot(deps: SnapshotDeps, input: RestoreSnapshot): Promise<Receipt> {
  const { blobs, clock } = deps;
  const { teamId, sessionId, sandbox, snapshot, notOurs = false, signal } = input;
  const startedAt = clock.now();
  const reader = createChunkReader({ blobs, teamId, signal });
  const { manifest, damaged } = await readManifest(fromStoredContent(snapshot.root), reader);
  const listing = await takeListing(sandbox.listTree(signal ? { signal } : {}), listingLimits(input));
  const known = await knownFiles(deps, input, manifest);
  const facts: RestoreFacts = {
    current: listing.entries,
    target: manifest,
    unknown: notOurs ? [] : damaged.map(({ path }) => path),
    sha256Of: (path, stat) => known.get(`${path}\0${fingerprintOf(stat)}`) ?? null,
  };
  const checked = await hashUnknown(deps, input, { facts, known });
  const plan = planRestore(facts);
  const refusals = createRefusals();
  for (const { path, why } of damaged) refusals.add(path, why);
  const writing = createWriting({ plan, reader, refusals, onProgress: input.onProgress });
  const index: StatIndex = new Map();
  const write = async (parts: AsyncIterable<TreePart>) => {
    for await (const { path, problem, stat } of sandbox.writeTree(
      whileAllowed(parts, deps, input),
      signal ? { signal } : {},
    )) {
      if (problem !== null) refusals.add(path, problem);
      else if (stat) index.set(path, fingerprintOf(stat));
    }
  };
  await write(writing.parts());
  const left = notOurs ? leftInPlace(plan, { listing, refusals }) : [];
  if (left.length > 0) await write(removals(left));
  // A file with several names has other times once they are there: it is read again, next time.
  for (const { to } of plan.links) index.delete(to);
  for (const path of plan.same) {
    const stat = listing.entries.get(path)?.stat;
    if (stat) index.set(path, fingerprintOf(stat));
  }
  const written = plan.files.filter(({ path }) => !refusals.has(path));
  const owner = { sessionId, snapshotId: snapshot.id, identity: sandbox.identity };
  await putIndex(blobs, owner, index);
  await removeIndexes(blobs, owner, { except: snapshot.id });
  return {
    snapshotId: snapshot.id,
    takenAt: snapshot.untilAt.toISOString(),
    ...pick(snapshot),
    writtenFiles: written.length,
    writtenBytes: written.reduce((sum, file) => sum + file.content.sizeBytes, 0),
    sameFiles: plan.same.length,
    removed: plan.remove.filter((path) => !refusals.has(path)).length,
    checkedFiles: writing.checkedFiles() + plan.same.filter((path) => checked.has(path)).length,
    ...refusals.told(),
    leftOut: snapshot.leftOut.map(({ path, why }) => ({ path: shownPath(path), why })),
    leftOutCount: snapshot.leftOutCount,
    durationMs: clock.now() - startedAt,
  };
}

/** Where something else was, and still is. */
function leftInPlace(
  { files, symlinks, links }: RestorePlan,
  about: { listing: Listing; refusals: Refusals },
): string[] {
  const { listing, refusals } = about;
  return [...files, ...symlinks, ...links]
    .map(({ path }) => path)
    .filter((path) => refusals.has(path) && listing.entries.has(path));
}

async function* removals(paths: readonly string[]): AsyncGenerator<TreePart> {
  for (const path of paths) yield { do: "remove", path };
}

/** Removes all that is in a sandbox's tree: that is how it was before anybody used it. */
export async function emptyTree(
  deps: SnapshotDeps,
  input: Pick<RestoreSnapshot, "sandbox" | "diskMb" | "mayWrite" | "signal">,
): Promise<Receipt> {
  const { clock } = deps;
  const { sandbox, diskMb, signal } = input;
  const startedAt = clock.now();
  const following = signal ? { signal } : {};
  const listing = await takeListing(sandbox.listTree(following), listingLimits({ diskMb }));
  const roots = [...listing.entries.values()].filter(({ path }) => !path.includes("/"));
  const target: Manifest = new Map(
    roots.flatMap(({ path, stat: { mode, mtimeNs } }) => [[path, { kind: "directory", path, mode, mtimeNs }]]),
  );
  const plan = planRestore({ current: listing.entries, target, unknown: [], sha256Of: () => null });
  const refusals = createRefusals();
  for await (const { path, problem } of sandbox.writeTree(whileAllowed(removals(plan.remove), deps, input), following))
    if (problem !== null) refusals.add(path, problem);
  return {
    ...NOTHING_RESTORED,
    removed: plan.remove.filter((path) => !refusals.has(path)).length,
    ...refusals.told(),
    durationMs: clock.now() - startedAt,
  };
}

export const NOTHING_RESTORED: Receipt = {
  ...{ snapshotId: null, takenAt: null },
  ...{ files: 0, directories: 0, symlinks: 0, links: 0, totalBytes: 0, changedCount: 0 },
  ...{ writtenFiles: 0, writtenBytes: 0, sameFiles: 0, removed: 0, checkedFiles: 0 },
  ...{ refused: [], refusedCount: 0, leftOut: [], leftOutCount: 0, durationMs: 0 },
};

function pick({ files, directories, symlinks, links, totalBytes, changedCount }: SnapshotRow) {
  return { files, directories, symlinks, links, totalBytes, changedCount };
}

/** Hashes of the files that are on the disk, by path and what the system tells of them. */
async function knownFiles(
  { blobs }: SnapshotDeps,
  { teamId, sessionId, sandbox, base, snapshot, signal }: RestoreSnapshot,
  target: Manifest,
): Promise<Map<string, string>> {
  const known = new Map<string, string>();
  if (!base) return known;
  const index = await getIndex(blobs, { sessionId, snapshotId: base.id, identity: sandbox.identity });
  if (index.size === 0) return known;
  const reader = createChunkReader({ blobs, teamId, signal });
  const manifest =
    base.id === snapshot.id ? target : (await readManifest(fromStoredContent(base.root), reader)).manifest;
  for (const [path, fingerprint] of index) {
    const entry = manifest.get(path);
    if (entry?.kind === "file") known.set(`${path}\0${fingerprint}`, entry.content.sha256);
  }
  return known;
}

/**
 * Of files that are there and may be what they should be: adds what they hold to what is known, and returns which were looked at. On a
 * disk that began as another one's those are nearly all.
 */
async function hashUnknown(
  { logger }: SnapshotDeps,
  { sessionId, sandbox, signal }: RestoreSnapshot,
  { facts, known }: { facts: RestoreFacts; known: Map<string, string> },
): Promise<Set<string>> {
  const checked = new Set<string>();
  const paths = unknownContents(facts);
  if (paths.length === 0) return checked;
  try {
    let next = 0;
    for await (const { path, sha256, stat } of sandbox.hashTree(paths, signal ? { signal } : {})) {
      if (path !== paths[next++]) throw new Error("the sandbox told of a file that nobody asked for");
      if (sha256 === null || !stat) continue;
      known.set(`${path}\0${fingerprintOf(stat)}`, sha256);
      checked.add(path);
    }
  } catch (error) {
    if (signal?.aborted || hasCode(error, "sandbox_gone")) throw error;
    // A runner of the release before can't: then they are written anew.
    logger.warn({ err: error, sessionId }, "the files that are there could not be compared with those of a snapshot");
  }
  return checked;
}

/** A process that was stopped in the middle goes on where it was, whoever has the disk by then. */
async function* whileAllowed(
  parts: AsyncIterable<TreePart>,
  { clock }: SnapshotDeps,
  { mayWrite }: Pick<RestoreSnapshot, "mayWrite">,
): AsyncGenerator<TreePart> {
  let askedAt = Number.NEGATIVE_INFINITY;
  for await (const part of parts) {
    if (mayWrite && clock.now() - askedAt >= ASK_MS) {
      await mayWrite();
      askedAt = clock.now();
    }
    yield part;
  }
}

type Refusals = ReturnType<typeof createRefusals>;

function createRefusals() {
  const whys = new Map<string, string>();
  return {
    /** The first reason counts: others follow from it. */
    add(path: string, why: string): void {
      if (!whys.has(path)) whys.set(path, why);
    },
    has: (path: string) => whys.has(path),
    told: () => ({
      refused: [...whys].slice(0, MAX_NAMED).map(([path, why]) => ({ path: shownPath(path), why })),
      refusedCount: whys.size,
    }),
  };
}

function createWriting(options: {
  plan: RestorePlan;
  reader: ChunkReader;
  refusals: Refusals;
  onProgress: ((progress: RestoreProgress) => void) | undefined;
}) {
  const { plan, reader, refusals, onProgress } = options;
  const totalBytes = plan.files.reduce((sum, file) => sum + file.content.sizeBytes, 0);
  let writtenBytes = 0;
  let checkedFiles = 0;

  async function* parts(): AsyncGenerator<TreePart> {
    yield* removals(plan.remove);
    for (const path of plan.directories) yield { do: "directory", path };
    yield* files();
    for (const { path, target, mtimeNs } of plan.symlinks) yield { do: "symlink", path, target, mtimeNs };
    for (const { path, to } of plan.links) {
      if (refusals.has(to)) refusals.add(path, "the file that it is another name of could not be restored");
      else yield { do: "link", path, to };
    }
    for (const one of plan.attributes) yield { do: "attributes", ...one };
  }

  async function* files(): AsyncGenerator<TreePart> {
    const chunks = reader.readChunks(allChunks(plan.files));
    for (const [index, file] of plan.files.entries()) {
      const { path, mode, mtimeNs, content } = file;
      yield { do: "file", path, mode: mode % 0o1000, mtimeNs };
      const damage = yield* contentParts(file, chunks);
      if (damage === null) {
        yield { do: "end" };
        checkedFiles += 1;
        writtenBytes += content.sizeBytes;
      } else {
        yield { do: "abort" };
        refusals.add(path, damage);
      }
      onProgress?.({ files: index + 1, totalFiles: plan.files.length, bytes: writtenBytes, totalBytes });
    }
  }
  return { parts, checkedFiles: () => checkedFiles };
}

function* allChunks(files: readonly ManifestFile[]) {
  for (const file of files) yield* chunksOf(file.content);
}

/** Returns why the content is not what it should be; null: it is. */
async function* contentParts(
  { content }: ManifestFile,
  chunks: ReturnType<ChunkReader["readChunks"]>,
): AsyncGenerator<TreePart, string | null> {
  // A single chunk that was checked is the whole.
  const whole = content.segments.length > 1 ? createHash("sha256") : null;
  let damage: string | null = null;
  for (const segment of content.segments) {
    if ("zeros" in segment) {
      for (let at = 0; at < segment.zeros; at += ZEROS.length) {
        whole?.update(ZEROS.subarray(0, segment.zeros - at));
        if (at % (64 * ZEROS.length) === 0) await nextTurn();
      }
      if (damage === null) yield { do: "hole", lengthBytes: segment.zeros };
      continue;
    }
    const { value: read } = await chunks.next();
    if (!read || "damage" in read) {
      damage ??= read ? read.damage.message : "a part of its content is missing";
      continue;
    }
    whole?.update(read.bytes);
    if (damage !== null) continue;
    for (let at = 0; at < read.bytes.length; at += PIECE_BYTES)
      yield { do: "data", bytes: read.bytes.subarray(at, at + PIECE_BYTES) };
  }
  if (damage === null && whole && whole.digest("hex") !== content.sha256) damage = "it is not what was stored";
  return damage;
}
