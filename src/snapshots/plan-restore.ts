// What has to be done to a tree so that it is a snapshot's: pure. What is the same stays as it is.
import type { TreeStat } from "../sandboxes/sandbox.ts";
import type { ListedEntry, ListedFile } from "./listing.ts";
import type { Manifest, ManifestFile, ManifestLink, ManifestSymlink } from "./manifest.ts";

export type RestorePlan = {
  /** Highest first: what is below goes with it. */
  remove: string[];
  /** A directory before what is in it. */
  directories: string[];
  files: ManifestFile[];
  symlinks: ManifestSymlink[];
  /** After the files. */
  links: ManifestLink[];
  /** Directories whose permissions and times are set at the end, the deepest first. */
  attributes: { path: string; mode: number; mtimeNs: string }[];
  /** Files that are what they should be already. */
  same: string[];
};

/** Times are kept to this precision, one way and back. */
const PRECISION_NS = 1_000n;

export type RestoreFacts = {
  current: ReadonlyMap<string, ListedEntry>;
  target: Manifest;
  /** Directories of the target of which nobody knows what was in them: what is there stays. */
  unknown: readonly string[];
  /** The hash of a file that is on the disk; null: not known. */
  sha256Of: (path: string, stat: TreeStat) => string | null;
};

export function planRestore({ current, target, unknown, sha256Of }: RestoreFacts): RestorePlan {
  const plan: RestorePlan = {
    remove: [],
    directories: [],
    files: [],
    symlinks: [],
    links: [],
    attributes: [],
    same: [],
  };
  const touched = new Set<string>();
  const touch = (path: string) => touched.add(path.slice(0, Math.max(0, path.lastIndexOf("/"))));
  const isUnknown = (path: string) => unknown.some((one) => path.startsWith(`${one}/`) || one === "");

  let removed: string | null = null;
  for (const path of [...current.keys()].sort(byDirectory)) {
    // The roots are always there.
    if (!path.includes("/") || target.has(path) || isUnknown(path)) continue;
    if (removed !== null && path.startsWith(`${removed}/`)) continue;
    removed = path;
    plan.remove.push(path);
    touch(path);
  }

  const wantedNames = namesOf(target);
  const presentNames = namesOf(current);
  for (const path of [...target.keys()].sort(byDirectory)) {
    const entry = target.get(path);
    const there = current.get(path);
    if (!entry) continue;
    if (entry.kind === "directory") {
      if (there?.kind === "directory") continue;
      plan.directories.push(path);
      touch(path);
      touched.add(path);
    } else if (entry.kind === "symlink") {
      if (there?.kind === "symlink" && there.target === entry.target && sameTime(there.stat.mtimeNs, entry.mtimeNs))
        continue;
      plan.symlinks.push(entry);
      touch(path);
    } else if (entry.kind === "file") {
      const names = { wanted: wantedNames.get(path), present: presentNames.get(path) };
      if (looksSame(entry, there, names) && sha256Of(path, there.stat) === entry.content.sha256) {
        plan.same.push(path);
        continue;
      }
      plan.files.push(entry);
      touch(path);
      for (const name of names.wanted ?? []) {
        plan.links.push({ kind: "link", path: name, to: path });
        touch(name);
      }
    }
  }

  for (const entry of target.values()) {
    if (entry.kind !== "directory") continue;
    const there = current.get(entry.path);
    const same =
      !touched.has(entry.path) &&
      there?.kind === "directory" &&
      there.stat.mode % 0o2000 === entry.mode % 0o2000 &&
      sameTime(there.stat.mtimeNs, entry.mtimeNs);
    if (!same) plan.attributes.push({ path: entry.path, mode: entry.mode, mtimeNs: entry.mtimeNs });
  }
  plan.attributes.sort((a, b) => depthOf(b.path) - depthOf(a.path));
  plan.files.sort(byPlace);
  return plan;
}

/** Files that would be the same, if only their content were known. */
export function unknownContents({ current, target, sha256Of }: Omit<RestoreFacts, "unknown">): string[] {
  const wantedNames = namesOf(target);
  const presentNames = namesOf(current);
  return [...target.values()].flatMap((entry) => {
    if (entry.kind !== "file") return [];
    const { path } = entry;
    const there = current.get(path);
    const names = { wanted: wantedNames.get(path), present: presentNames.get(path) };
    return looksSame(entry, there, names) && sha256Of(path, there.stat) === null ? [path] : [];
  });
}

type Names = { wanted: string[] | undefined; present: string[] | undefined };

/** In everything but its content. */
function looksSame(entry: ManifestFile, there: ListedEntry | undefined, names: Names): there is ListedFile {
  return (
    there?.kind === "file" &&
    there.stat.sizeBytes === entry.content.sizeBytes &&
    there.stat.mode % 0o1000 === entry.mode % 0o1000 &&
    sameTime(there.stat.mtimeNs, entry.mtimeNs) &&
    sameNames(names.wanted, names.present, there.stat)
  );
}

/** A directory, then all that is below it. */
function byDirectory(a: string, b: string): number {
  const [one, two] = [a.replaceAll("/", "\0"), b.replaceAll("/", "\0")];
  return one < two ? -1 : one > two ? 1 : 0;
}

const depthOf = (path: string) => path.split("/").length;

/** In the order in which their content lies in the store: then one request reads many. */
function byPlace(a: ManifestFile, b: ManifestFile): number {
  const [one, two] = [placeOf(a), placeOf(b)];
  if (one.pack !== two.pack) return one.pack < two.pack ? -1 : 1;
  return one.offset - two.offset;
}

function placeOf(file: ManifestFile): { pack: string; offset: number } {
  const first = file.content.segments.find((segment) => !("zeros" in segment));
  return first && "pack" in first ? first : { pack: "", offset: 0 };
}

function sameTime(one: string, two: string): boolean {
  const off = BigInt(one) - BigInt(two);
  return off > -PRECISION_NS && off < PRECISION_NS;
}

/** The other names of each file that has several. */
function namesOf(entries: ReadonlyMap<string, { kind: string; path: string; to?: string }>): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const entry of entries.values()) {
    if (entry.kind !== "link" || entry.to === undefined) continue;
    const others = names.get(entry.to);
    if (others) others.push(entry.path);
    else names.set(entry.to, [entry.path]);
  }
  return names;
}

function sameNames(wanted: string[] = [], present: string[] = [], stat: TreeStat): boolean {
  return (
    stat.links === wanted.length + 1 &&
    wanted.length === present.length &&
    wanted.every((name) => present.includes(name))
  );
}
