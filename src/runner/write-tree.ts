// Writes parts of a tree: one after the other, through no link, and each file in full or not at all.
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  renameSync,
  symlinkSync,
  writeSync,
} from "node:fs";
import { errnoOf, fileErrorText } from "./paths.ts";
import { BadRequest } from "./protocol.ts";
import { randomHex } from "./random.ts";
import { inDirectory, removeName, TreePlace, type TreeRoots, toWireStat } from "./tree-place.ts";
import type { WireStat, WireTreePart, WireTreeWritten } from "./tree-protocol.ts";

type PartOf<D extends WireTreePart["do"]> = Extract<WireTreePart, { do: D }>;
/** A file on its way: a sibling that takes its name at the end. `problem`: the rest of it is passed over. */
type Begun = { part: PartOf<"file">; fd: number; sibling: string; sizeBytes: number; problem: string | null };

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

export class TreeWriter {
  readonly #place: TreePlace;
  /** For the other end of a link: both directories have to be open at once. */
  readonly #others: TreePlace;
  #file: Begun | null = null;

  constructor(roots: TreeRoots) {
    this.#place = new TreePlace(roots);
    this.#others = new TreePlace(roots);
  }

  /** What became of a part; null while there is nothing to tell. Throws for parts in a wrong order. */
  apply(part: WireTreePart): WireTreeWritten | null {
    switch (part.do) {
      case "data":
        return this.#add((fd, position) => {
          for (let at = 0; at < part.bytes.length; )
            at += writeSync(fd, part.bytes, at, part.bytes.length - at, position + at);
          return part.bytes.length;
        });
      case "hole":
        return this.#add(() => part.lengthBytes);
      case "end":
        return this.#endFile();
      case "abort":
        this.#dropFile();
        return null;
      case "file":
        return this.#beginFile(part);
      default:
        if (this.#file) throw new BadRequest("a file has to end first");
        return attempt(part.path, () => this.#change(part));
    }
  }

  /** A file that has not ended leaves nothing. */
  close(): void {
    this.#dropFile();
    this.#place.close();
    this.#others.close();
  }

  #change(part: PartOf<"remove" | "directory" | "symlink" | "link" | "attributes">): null {
    if (part.do === "attributes") {
      const fd = this.#place.directory(part.path);
      fchmodSync(fd, part.mode & 0o1777);
      futimesSync(fd, secondsOf(part.mtimeNs), secondsOf(part.mtimeNs));
      return null;
    }
    // The roots are always there.
    if (part.do === "directory" && !part.path.includes("/")) return null;
    if (part.do === "link") return this.#link(part);
    const { fd, name, address } = this.#place.locate(part.path);
    if (part.do === "remove") {
      removeName(fd, name);
      return null;
    }
    if (part.do === "directory") {
      const present = lstatSync(address, { throwIfNoEntry: false });
      if (present?.isDirectory()) return null;
      if (present) removeName(fd, name);
      mkdirSync(address, { mode: 0o700 });
      return null;
    }
    removeName(fd, name);
    symlinkSync(Buffer.from(part.target, "latin1"), address);
    lutimesSync(address, secondsOf(part.mtimeNs), secondsOf(part.mtimeNs));
    return null;
  }

  #link({ path, to }: PartOf<"link">): null {
    const from = this.#others.locate(to);
    const { fd, name, address } = this.#place.locate(path);
    const sibling = siblingName();
    const fresh = inDirectory(fd, sibling);
    linkSync(from.address, fresh);
    try {
      if (lstatSync(address, { throwIfNoEntry: false })?.isDirectory()) removeName(fd, name);
      renameSync(fresh, address);
    } finally {
      // Where both names are of one file already, a rename does nothing.
      removeName(fd, sibling);
    }
    return null;
  }

  #beginFile(part: PartOf<"file">): WireTreeWritten | null {
    if (this.#file) throw new BadRequest("a file has to end first");
    const begun: Begun = { part, fd: -1, sibling: siblingName(), sizeBytes: 0, problem: null };
    this.#file = begun;
    try {
      const { fd } = this.#place.locate(part.path);
      begun.fd = openSync(inDirectory(fd, begun.sibling), NEW_FILE, 0o600);
    } catch (error) {
      begun.problem = problemText(error);
    }
    return null;
  }

  /** `write` answers how many bytes further the file is. */
  #add(write: (fd: number, position: number) => number): null {
    const file = this.#file;
    if (!file) throw new BadRequest("content belongs to a file");
    if (file.problem !== null) return null;
    try {
      file.sizeBytes += write(file.fd, file.sizeBytes);
    } catch (error) {
      file.problem = problemText(error);
    }
    return null;
  }

  #endFile(): WireTreeWritten {
    const file = this.#file;
    if (!file) throw new BadRequest("no file has begun");
    const { path } = file.part;
    let stat: WireStat | null = null;
    try {
      if (file.problem === null) stat = this.#settle(file);
    } catch (error) {
      file.problem = problemText(error);
    }
    const { problem } = file;
    this.#dropFile();
    return { path, problem, stat };
  }

  #settle({ part, fd, sibling, sizeBytes }: Begun): WireStat {
    // Holes at its end are no bytes yet.
    ftruncateSync(fd, sizeBytes);
    fchmodSync(fd, part.mode & 0o777);
    futimesSync(fd, secondsOf(part.mtimeNs), secondsOf(part.mtimeNs));
    const place = this.#place.locate(part.path);
    if (lstatSync(place.address, { throwIfNoEntry: false })?.isDirectory()) removeName(place.fd, place.name);
    renameSync(inDirectory(place.fd, sibling), place.address);
    return toWireStat(fstatSync(fd, { bigint: true }));
  }

  #dropFile(): void {
    const file = this.#file;
    this.#file = null;
    if (!file || file.fd < 0) return;
    closeSync(file.fd);
    try {
      // Gone already when it has taken its name.
      removeName(this.#place.locate(file.part.path).fd, file.sibling);
    } catch (error) {
      // Its directory is gone, and with it what was in it.
      if (errnoOf(error) === undefined) throw error;
    }
  }
}

function siblingName(): string {
  return `.berth-new-${randomHex(8)}`;
}

function attempt(path: string, work: () => null): WireTreeWritten {
  try {
    work();
    return { path, problem: null, stat: null };
  } catch (error) {
    return { path, problem: problemText(error), stat: null };
  }
}

function problemText(error: unknown): string {
  if (errnoOf(error) === undefined) throw error;
  return fileErrorText(error, "disk").replace(/^disk: /, "");
}

/** The system takes times of this precision: somewhat less than a microsecond. */
function secondsOf(ns: string): number {
  return Number(ns) / 1e9;
}
