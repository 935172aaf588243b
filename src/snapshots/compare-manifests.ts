// What is different between two states of a tree, for people: files that were added, changed, removed. Pure.
import type { Manifest, ManifestEntry } from "./manifest.ts";
import { shownPath } from "./shown-path.ts";

/** `paths`: the first of them in order, as people know them; `count` is of all. */
export type ChangedFiles = { count: number; paths: string[] };
export type TreeChanges = { added: ChangedFiles; changed: ChangedFiles; removed: ChangedFiles };

/** As many are named of each kind, and as many bytes of UTF-8: the names are whatever an agent makes. */
const MAX_NAMED = 100;
const MAX_NAMED_BYTES = 8_192;

/**
 * Symbolic links and further names of a file count as files, directories do not. Changed is what has another content, permissions or
 * target; a file that was only touched is the same.
 */
export function compareManifests(before: Manifest, after: Manifest): TreeChanges {
  const added: string[] = [];
  const changed: string[] = [];
  const removed: string[] = [];
  for (const [path, entry] of after) {
    if (entry.kind === "directory") continue;
    const was = before.get(path);
    if (was === undefined || was.kind === "directory") added.push(path);
    // The same object: it was taken over from before.
    else if (was !== entry && essenceOf(was, before) !== essenceOf(entry, after)) changed.push(path);
  }
  for (const [path, was] of before) {
    if (was.kind === "directory") continue;
    const entry = after.get(path);
    if (entry === undefined || entry.kind === "directory") removed.push(path);
  }
  return { added: named(added), changed: named(changed), removed: named(removed) };
}

/** Which name of a file is the first one may change without the file. */
function essenceOf(entry: ManifestEntry, manifest: Manifest): string {
  if (entry.kind === "symlink") return `symlink ${entry.target}`;
  const file = entry.kind === "link" ? manifest.get(entry.to) : entry;
  return file?.kind === "file" ? `file ${file.mode} ${file.content.sha256}` : "nothing";
}

function named(all: string[]): ChangedFiles {
  const paths: string[] = [];
  let leftBytes = MAX_NAMED_BYTES;
  for (const path of all.sort().slice(0, MAX_NAMED)) {
    const shown = shownPath(path);
    leftBytes -= Buffer.byteLength(shown);
    if (leftBytes < 0) break;
    paths.push(shown);
  }
  return { count: all.length, paths };
}
