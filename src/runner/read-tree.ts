// Contents of files of the tree as frames. A file that changes while it is read is read again.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { encodeFrame } from "./frames.ts";
import { errnoOf, fileErrorText } from "./paths.ts";
import { type TreePlace, toWireStat } from "./tree-place.ts";
import { checkTreePath, encodeLength, FROM_TREE, PIECE_BYTES, type WireStat } from "./tree-protocol.ts";

/** A file that goes on changing is kept as it was at some moment, and marked. */
const TIMES_AGAIN = 3;
/** Zeros of a file with holes are looked for in steps of this size. */
const HOLE_STEP = 64 * 1024;
/** Longer than a tick of the clock that file times are taken from. */
const SETTLED_NS = 100_000_000n;

const ZEROS = Buffer.alloc(HOLE_STEP);
const FOR_READING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const json = (type: number, value: object) => encodeFrame(type, Buffer.from(JSON.stringify(value)));

export function* readTreeFile(place: TreePlace, path: string): Generator<Buffer> {
  checkTreePath(path);
  try {
    for (let time = 0; ; time++) {
      const last = time === TIMES_AGAIN;
      const { same, settled } = yield* readOnce(place, path);
      if (same === null) return;
      if (same || last) return yield json(FROM_TREE.end, { changed: !same, settled: same && settled });
      yield encodeFrame(FROM_TREE.again);
    }
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    yield json(FROM_TREE.unreadable, { path, why: fileErrorText(error, "file").replace(/^file: /, "") });
  }
}

type Once = { same: boolean; settled: boolean } | { same: null; settled: false };

/** `same` is null when it is no regular file. */
function* readOnce(place: TreePlace, path: string): Generator<Buffer, Once> {
  const fd = openSync(place.locate(path).address, FOR_READING);
  try {
    const began = BigInt(Date.now()) * 1_000_000n;
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) {
      yield json(FROM_TREE.unreadable, { path, why: "not a regular file" });
      return { same: null, settled: false };
    }
    const before = toWireStat(stat);
    yield json(FROM_TREE.file, { path, ...before });
    const read = yield* contentOf(fd, before);
    const after = toWireStat(fstatSync(fd, { bigint: true }));
    const same =
      read === before.sizeBytes &&
      after.sizeBytes === before.sizeBytes &&
      after.mtimeNs === before.mtimeNs &&
      after.ctimeNs === before.ctimeNs;
    return { same, settled: stat.ctimeNs < began - SETTLED_NS };
  } finally {
    closeSync(fd);
  }
}

/** Returns how many bytes there were, at most as many as it had at first. */
function* contentOf(fd: number, stat: WireStat): Generator<Buffer, number> {
  const sparse = stat.allocatedBytes < stat.sizeBytes;
  const step = sparse ? HOLE_STEP : PIECE_BYTES;
  let position = 0;
  let hole = 0;
  while (position < stat.sizeBytes) {
    const piece = Buffer.allocUnsafe(Math.min(step, stat.sizeBytes - position));
    const bytesRead = readSync(fd, piece, 0, piece.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const bytes = piece.subarray(0, bytesRead);
    if (sparse && bytes.equals(ZEROS.subarray(0, bytesRead))) {
      hole += bytesRead;
      // A look at the caller now and then: a long hole takes time, too.
      if (hole % (256 * HOLE_STEP) === 0) yield Buffer.alloc(0);
      continue;
    }
    if (hole > 0) yield encodeFrame(FROM_TREE.hole, encodeLength(hole));
    hole = 0;
    yield encodeFrame(FROM_TREE.data, bytes);
  }
  if (hole > 0) yield encodeFrame(FROM_TREE.hole, encodeLength(hole));
  return position;
}
