// Lines of an edit as removed, added and unchanged ones.
import { diffLines } from "diff";

export type DiffRow = { sign: "-" | "+" | " "; text: string } | { sign: "gap"; lines: number };

/** Unchanged lines around a change that are shown. */
const CONTEXT = 3;
/** Above so many changes the search for the shortest diff would take long; all is shown as replaced then. */
const MAX_EDITS = 2_000;

export function diffRows(before: string, after: string): DiffRow[] {
  const parts = diffLines(before, after, { maxEditLength: MAX_EDITS }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return parts.flatMap((part, index): DiffRow[] => {
    const lines = toLines(part.value);
    if (part.removed || part.added) return lines.map((text) => ({ sign: part.added ? "+" : "-", text }));
    const head = index === 0 ? 0 : CONTEXT;
    const tail = index === parts.length - 1 ? 0 : CONTEXT;
    const same = (some: string[]): DiffRow[] => some.map((text) => ({ sign: " ", text }));
    if (lines.length <= head + tail + 1) return same(lines);
    const gap = { sign: "gap" as const, lines: lines.length - head - tail };
    return [...same(lines.slice(0, head)), gap, ...same(lines.slice(lines.length - tail))];
  });
}

/** A newline ends a line; it does not begin another. */
function toLines(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}
