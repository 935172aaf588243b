// What differs between two texts, line by line: removed, added and unchanged lines. Both texts can be read from it, but for a newline
// at the very end of one of them where the last line differs anyway.
import { diffArrays } from "diff";

export type DiffRow = { sign: "-" | "+" | " "; text: string } | { sign: "gap"; lines: number };

/** Unchanged lines around a change that are shown. */
const CONTEXT = 3;
/** Above so many changes the search for the shortest diff would take long; all is shown as replaced then. */
const MAX_EDITS = 2_000;

/** Empty when both texts are. */
export function diffRows(before: string, after: string): DiffRow[] {
  const [old, fresh] = [toLines(before), toLines(after)];
  const parts = diffArrays(old, fresh, { maxEditLength: MAX_EDITS }) ?? [
    { value: old, removed: true, added: false },
    { value: fresh, removed: false, added: true },
  ];
  const rows = parts.flatMap((part, index): DiffRow[] => {
    const sign = part.added ? "+" : part.removed ? "-" : " ";
    if (sign !== " ") return part.value.map((text) => ({ sign, text }));
    return unchanged(part.value, { isFirst: index === 0, isLast: index === parts.length - 1 });
  });
  return [...rows, ...lastNewline(before, after, rows.at(-1))];
}

/** A newline ends a line. Where nothing else tells of one that comes or goes, it is a line without text. */
function lastNewline(before: string, after: string, last: DiffRow | undefined): DiffRow[] {
  const [had, has] = [before.endsWith("\n"), after.endsWith("\n")];
  if (had === has || last === undefined || last.sign === "+" || last.sign === "-") return [];
  return [{ sign: has ? "+" : "-", text: "" }];
}

function unchanged(lines: readonly string[], { isFirst, isLast }: { isFirst: boolean; isLast: boolean }): DiffRow[] {
  const head = isFirst ? 0 : CONTEXT;
  const tail = isLast ? 0 : CONTEXT;
  const same = (some: readonly string[]): DiffRow[] => some.map((text) => ({ sign: " ", text }));
  // A gap of one line would take the line that it saves.
  if (lines.length <= head + tail + 1) return same(lines);
  const gap = { sign: "gap" as const, lines: lines.length - head - tail };
  return [...same(lines.slice(0, head)), gap, ...same(lines.slice(lines.length - tail))];
}

function toLines(text: string): string[] {
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
}
