// Several comparisons of a session's files, one after the other, as one. Pure.
import type { Snapshot } from "../../../../contract/snapshots.ts";

export type ChangeKind = "added" | "changed" | "removed";
export type NetChanges = {
  counts: Record<ChangeKind, number>;
  /** Those that are named, by path; fewer than are counted when one comparison has too many. */
  files: readonly { path: string; kind: ChangeKind }[];
};

const KINDS = ["added", "changed", "removed"] as const;

/** The oldest first. Null: they are several, and names are missing of one. */
export function mergeChanges(chain: readonly NonNullable<Snapshot["changes"]>[]): NetChanges | null {
  const [only] = chain;
  if (only && chain.length === 1) {
    const files = KINDS.flatMap((kind) => only[kind].paths.map((path) => ({ path, kind })));
    return { counts: countsOf((kind) => only[kind].count), files: files.sort(byPath) };
  }
  if (chain.some((changes) => KINDS.some((kind) => changes[kind].count > changes[kind].paths.length))) return null;
  const net = new Map<string, ChangeKind>();
  for (const changes of chain) {
    for (const kind of KINDS) {
      for (const path of changes[kind].paths) {
        const after = follow(net.get(path), kind);
        if (after === null) net.delete(path);
        else net.set(path, after);
      }
    }
  }
  const files = [...net].map(([path, kind]) => ({ path, kind })).sort(byPath);
  return { counts: countsOf((kind) => files.filter((file) => file.kind === kind).length), files };
}

/** What a file is in the end after something was known of it already; null: as it was before all. */
function follow(before: ChangeKind | undefined, then: ChangeKind): ChangeKind | null {
  if (before === "added") return then === "removed" ? null : "added";
  if (before === "removed" && then === "added") return "changed";
  return then;
}

const byPath = (a: { path: string }, b: { path: string }) => (a.path < b.path ? -1 : 1);

function countsOf(count: (kind: ChangeKind) => number): Record<ChangeKind, number> {
  return { added: count("added"), changed: count("changed"), removed: count("removed") };
}
