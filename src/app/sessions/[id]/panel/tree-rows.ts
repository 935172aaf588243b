// A tree of directories as the rows that are visible. Pure.
import type { FileEntry } from "../../../../contract/files.ts";

export type TreeRow = {
  path: string;
  name: string;
  kind: FileEntry["kind"];
  depth: number;
  sizeBytes: number;
  modifiedAt: string | null;
  /** Null for what can't be opened. */
  open: boolean | null;
  parent: string | null;
};

/** `listings`: by path, of the directories that were read. Directories come before files, each by name. */
export function treeRows(
  roots: readonly string[],
  opened: ReadonlySet<string>,
  listings: ReadonlyMap<string, readonly FileEntry[]>,
): TreeRow[] {
  const rows: TreeRow[] = [];
  const addChildren = (parent: string, depth: number) => {
    const entries = [...(listings.get(parent) ?? [])].sort(
      (a, b) => Number(b.kind === "directory") - Number(a.kind === "directory") || (a.name < b.name ? -1 : 1),
    );
    for (const entry of entries) {
      const isDirectory = entry.kind === "directory";
      const open = isDirectory ? opened.has(entry.path) : null;
      const { path, name, kind, size_bytes: sizeBytes, modified_at: modifiedAt } = entry;
      rows.push({ path, name, kind, depth, sizeBytes, modifiedAt, open, parent });
      if (open) addChildren(path, depth + 1);
    }
  };
  for (const path of roots) {
    const open = opened.has(path);
    rows.push({ path, name: path, kind: "directory", depth: 0, sizeBytes: 0, modifiedAt: null, open, parent: null });
    if (open) addChildren(path, 1);
  }
  return rows;
}

/** What a key does in a tree, as the pattern of WAI-ARIA has it. */
export function treeMove(
  rows: readonly TreeRow[],
  current: string,
  key: string,
): { focus: string } | { toggle: string } | null {
  const index = rows.findIndex(({ path }) => path === current);
  const row = rows[index];
  if (!row) return null;
  const focus = (target: TreeRow | undefined) => (target ? { focus: target.path } : null);
  switch (key) {
    case "ArrowDown":
      return focus(rows[index + 1]);
    case "ArrowUp":
      return focus(rows[index - 1]);
    case "Home":
      return focus(rows[0]);
    case "End":
      return focus(rows.at(-1));
    case "ArrowRight":
      if (row.open === false) return { toggle: row.path };
      return row.open && rows[index + 1]?.parent === row.path ? focus(rows[index + 1]) : null;
    case "ArrowLeft":
      if (row.open) return { toggle: row.path };
      return row.parent === null ? null : { focus: row.parent };
    default:
      return null;
  }
}
