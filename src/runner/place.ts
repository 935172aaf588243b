// Where a path leads, held open. Between looking at its links and using it, a program in the sandbox may swap any directory on the way for a link: what is opened is looked at once more, and everything is done from there on.
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readlinkSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { O_PATH } from "../lib/open-to-owner.ts";
import { confine, errnoOf, type Roots, ToolError } from "./paths.ts";

/** What somebody replaces just now is found at the second look; what is replaced all the time is not waited for. */
const MAX_LOOKS = 5;
/** Opens what is there and does nothing with it, whatever it is. */
export const AS_IT_IS = O_PATH | constants.O_NOFOLLOW;
export const FOR_READING = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** A link in a file's place, or in one of the directories' above it, may lead to any of these. */
const NOT_THERE = ["ENOENT", "ENOTDIR", "ELOOP", "EACCES", "ENAMETOOLONG"];

/** What was opened is not what the path had led to. */
class Moved extends Error {}

/** A name in an open directory; the directory is the one that the path's links led to, wherever it is moved from now on. */
export class Place {
  readonly path: string;
  readonly name: string;
  readonly #directory: number;

  constructor(directory: number, path: string) {
    this.#directory = directory;
    this.path = path;
    this.name = basename(path);
  }

  /** The name as a path that the kernel resolves from the open directory on. */
  get address(): string {
    return this.beside(this.name);
  }

  /** The same for another name in the directory. */
  beside(name: string): string {
    return addressIn(this.#directory, name);
  }

  close(): void {
    closeSync(this.#directory);
  }
}

/** A name in an open directory, as a path that the kernel resolves from there. */
export function addressIn(directory: number, name: string): string {
  return `/proc/self/fd/${directory}/${name}`;
}

/** Opens what is no link, whatever it is: without waiting, and so that it can't be read from the descriptor itself. Throws as the system does. */
function openAsItIs(address: string | Buffer, check: (fd: number, stat: Stats) => void): number {
  const fd = openSync(address, AS_IT_IS);
  try {
    const stat = fstatSync(fd);
    if (stat.isSymbolicLink()) throw new Moved(`${address} is a link`);
    check(fd, stat);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function checkDirectory(stat: Stats): void {
  if (!stat.isDirectory()) throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
}

/** Throws where one of the directories above `path` is a link by now: what was opened is elsewhere. */
function checkPath(fd: number, path: Buffer): void {
  const found = readlinkSync(`/proc/self/fd/${fd}`, { encoding: "buffer" });
  if (!found.equals(path)) throw new Moved(`${path} is elsewhere`);
}

/** Opens the directory that is at `path`, for what is in it. Throws as the system does, and a `Moved` for one that is elsewhere. */
export function openExactly(path: string): number {
  return openAsItIs(path, (fd, stat) => {
    checkDirectory(stat);
    checkPath(fd, Buffer.from(path));
  });
}

/** Opens the regular file that is at `path`. Null where there is none, or something else, or never the same for long. */
export function openFileExactly(path: Buffer): number | null {
  for (let look = 1; look <= MAX_LOOKS; look++) {
    try {
      return openAsItIs(path, (fd, stat) => {
        if (!stat.isFile()) throw new Moved(`${path} is no file`);
        checkPath(fd, path);
      });
    } catch (error) {
      if (!(error instanceof Moved || NOT_THERE.includes(errnoOf(error) ?? ""))) throw error;
    }
  }
  return null;
}

/** Opens the directory at `path`; it is made, with those above it, where there is none. */
function makeExactly(path: string): number {
  try {
    return openExactly(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
  const above = makeExactly(dirname(path));
  try {
    const address = addressIn(above, basename(path));
    try {
      mkdirSync(address, 0o700);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
    return openAsItIs(address, (_fd, stat) => checkDirectory(stat));
  } finally {
    closeSync(above);
  }
}

/** Looks where the path leads and opens what is there, again when it was replaced in between. */
async function lookAndOpen<T>(path: string, roots: Roots, openIt: (real: string) => T | Promise<T>): Promise<T> {
  for (let look = 1; ; look++) {
    const real = await confine(path, roots);
    try {
      return await openIt(real);
    } catch (error) {
      if (!(error instanceof Moved)) throw error;
      if (look === MAX_LOOKS) {
        throw new ToolError(
          `path ${JSON.stringify(path)} is replaced all the time, or a directory above it is: it can't be told where it leads`,
        );
      }
    }
  }
}

/** Where to write. The directories above it are made. The caller closes it. Throws a `ToolError` outside of all `roots`. */
export function openPlaceToWrite(path: string, roots: Roots): Promise<Place> {
  return lookAndOpen(path, roots, (real) => {
    const place = new Place(makeExactly(dirname(real)), real);
    if (!lstatSync(place.address, { throwIfNoEntry: false })?.isSymbolicLink()) return place;
    place.close();
    throw new Moved(`${real} is a link`);
  });
}

/**
 * Opens what the path leads to for reading, without waiting for a FIFO's other end: the caller asks the handle whether it is a
 * regular file, and closes both. Throws a `ToolError` outside of all `roots`.
 */
export function openPlaceToRead(path: string, roots: Roots): Promise<{ place: Place; handle: FileHandle }> {
  return lookAndOpen(path, roots, async (real) => {
    const place = new Place(openExactly(dirname(real)), real);
    try {
      return { place, handle: await openInPlace(place) };
    } catch (error) {
      place.close();
      // It was no link when it was looked at.
      if (errnoOf(error) === "ELOOP") throw new Moved(`${real} is a link`);
      throw error;
    }
  });
}

/** The same for those who need the handle only. */
export async function openForReading(path: string, roots: Roots): Promise<FileHandle> {
  const { place, handle } = await openPlaceToRead(path, roots);
  place.close();
  return handle;
}

/** Opens a place's name for reading; `ELOOP` where it is a link by now. */
export function openInPlace(place: Place): Promise<FileHandle> {
  return open(place.address, FOR_READING);
}

/** Does its work with an open directory's address, to which `/` and a name in it may be added. Throws like `openExactly`. */
export async function inDirectoryAt<T>(path: string, roots: Roots, work: (address: string) => Promise<T>): Promise<T> {
  const fd = await lookAndOpen(path, roots, (real) => openExactly(real));
  try {
    return await work(`/proc/self/fd/${fd}`);
  } finally {
    closeSync(fd);
  }
}

/** What a search begins at. The descriptor is for what is in it, or for opening it through `/proc/self/fd`. */
export type Beginning = { path: string; fd: number; kind: "directory" | "file" | "other" };

/** Opens what the path leads to, whatever it is. The caller closes `fd`. Throws as the system does, and a `ToolError` outside of all `roots`. */
export function openBeginning(path: string, roots: Roots): Promise<Beginning> {
  return lookAndOpen(path, roots, (real) => {
    let kind: Beginning["kind"] = "other";
    const fd = openAsItIs(real, (opened, stat) => {
      checkPath(opened, Buffer.from(real));
      if (stat.isFile()) kind = "file";
      if (stat.isDirectory()) kind = "directory";
    });
    return { path: real, fd, kind };
  });
}
