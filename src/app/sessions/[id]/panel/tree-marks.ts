// What stands beside a file in the tree: what the last turn did to it. Pure.
import type { TreeRow } from "./tree-rows.ts";
import type { TurnChanges } from "./turn-changes.ts";

export type TreeMark = "added" | "changed";

/** As snapshots tell; of what they do not name, by the time of its last change. */
export function marksOf(changes: TurnChanges | null, turnStartedAt: string | null): (row: TreeRow) => TreeMark | null {
  const { files, counts } = changes?.state === "known" ? changes.net : { files: [], counts: null };
  const named = new Map(files.map(({ path, kind }) => [path, kind === "removed" ? null : kind]));
  const all = counts !== null && files.length === counts.added + counts.changed + counts.removed;
  return ({ path, kind, modifiedAt }) => {
    const mark = named.get(path);
    if (mark !== undefined || all) return mark ?? null;
    const isNew = kind === "file" && turnStartedAt !== null && modifiedAt !== null && modifiedAt >= turnStartedAt;
    return isNew ? "changed" : null;
  };
}
