// Hashes of files of the tree: whoever knows what they should be need not be sent them.
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "./paths.ts";
import { TreePlace, type TreeRoots, toWireStat } from "./tree-place.ts";
import { checkTreePath, PIECE_BYTES, type WireTreeHash } from "./tree-protocol.ts";

const FOR_READING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export class TreeHasher {
  readonly #place: TreePlace;
  readonly #piece = Buffer.allocUnsafe(PIECE_BYTES);

  constructor(roots: TreeRoots) {
    this.#place = new TreePlace(roots);
  }

  /** Yields null after each piece, so that others get their turn, and the hash at the end. */
  *hash(path: string): Generator<WireTreeHash | null> {
    checkTreePath(path);
    try {
      const fd = openSync(this.#place.locate(path).address, FOR_READING);
      try {
        yield* this.#hashOpen(path, fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      yield { path, sha256: null, stat: null };
    }
  }

  *#hashOpen(path: string, fd: number): Generator<WireTreeHash | null> {
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) return yield { path, sha256: null, stat: null };
    // Loaded when it is wanted: OpenSSL would cost each start of a sandbox more than any part of the runner.
    const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
    const sizeBytes = Number(before.size);
    let position = 0;
    while (position < sizeBytes) {
      const bytesRead = readSync(fd, this.#piece, 0, Math.min(PIECE_BYTES, sizeBytes - position), position);
      if (bytesRead === 0) break;
      position += bytesRead;
      hash.update(this.#piece.subarray(0, bytesRead));
      if (position < sizeBytes) yield null;
    }
    const after = fstatSync(fd, { bigint: true });
    const same = position === sizeBytes && after.size === before.size && after.ctimeNs === before.ctimeNs;
    yield { path, sha256: same ? hash.digest("hex") : null, stat: toWireStat(after) };
  }

  close(): void {
    this.#place.close();
  }
}
