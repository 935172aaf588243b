// Everything in /workspace and the home directory, one entry after the other: a directory comes before what is in it.
import { closeSync, type Dir, fstatSync, lstatSync, opendirSync, readlinkSync } from "node:fs";
import { errnoOf } from "./paths.ts";
import { inDirectory, openDirectory, rootDirectory, type TreeRoots, toWireStat } from "./tree-place.ts";
import { MAX_DEPTH, MAX_PATH_BYTES, TREE_ROOTS, type WireTreeEntry } from "./tree-protocol.ts";

type Level = { path: string; fd: number; directory: Dir };

/** Takes as much memory as the tree is deep, however many entries it has. */
export function* listTree(roots: TreeRoots): Generator<WireTreeEntry> {
  const levels: Level[] = [];
  try {
    for (const root of TREE_ROOTS) {
      const fd = openDirectory(rootDirectory(roots, root));
      levels.push({ path: root, fd, directory: openNames(fd) });
      yield { kind: "directory", path: root, ...toWireStat(fstatSync(fd, { bigint: true })) };
      for (let level = levels.at(-1); level; level = levels.at(-1)) {
        const entry = level.directory.readSync();
        if (!entry) {
          levels.pop();
          closeLevel(level);
          continue;
        }
        yield* look(level, entry.name, levels);
      }
    }
  } finally {
    for (const level of levels) closeLevel(level);
  }
}

function openNames(fd: number): Dir {
  return opendirSync(`/proc/self/fd/${fd}`, { encoding: "latin1", bufferSize: 128 });
}

function closeLevel({ fd, directory }: Level): void {
  directory.closeSync();
  closeSync(fd);
}

function* look(above: Level, name: string, levels: Level[]): Generator<WireTreeEntry> {
  const path = `${above.path}/${name}`;
  const leftOut = (why: string): WireTreeEntry => ({ kind: "left_out", path: path.slice(0, MAX_PATH_BYTES), why });
  if (path.length > MAX_PATH_BYTES) return yield leftOut("its path is too long");
  const address = inDirectory(above.fd, name);
  try {
    const stat = lstatSync(address, { bigint: true, throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isFile()) return yield { kind: "file", path, ...toWireStat(stat) };
    if (stat.isSymbolicLink()) {
      const target = readlinkSync(address, { encoding: "latin1" });
      return yield { kind: "symlink", path, target, ...toWireStat(stat) };
    }
    if (!stat.isDirectory()) return yield leftOut(kindOf(stat));
    if (levels.length >= MAX_DEPTH) return yield leftOut("it is too deep");
    const fd = openDirectory(address);
    levels.push({ path, fd, directory: openNames(fd) });
    yield { kind: "directory", path, ...toWireStat(fstatSync(fd, { bigint: true })) };
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    // It went away, or became something else, between two looks.
    if (code === "ENOENT" || code === "EINVAL" || code === "ENOTDIR" || code === "ELOOP") return;
    yield leftOut(code === "EACCES" ? "no permission to read it" : `it can't be read (${code})`);
  }
}

function kindOf(stat: { isSocket(): boolean; isFIFO(): boolean }): string {
  return stat.isSocket() ? "a socket" : stat.isFIFO() ? "a named pipe" : "a device";
}
