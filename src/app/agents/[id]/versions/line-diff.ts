// What differs between two texts, line by line: the longest common part stays. Pure.

export type DiffLine = { kind: "same" | "added" | "removed"; text: string };
/** Lines that are not shown because nothing changed near them. */
export type DiffGap = { kind: "gap"; count: number };

/** Beyond this many comparisons (a few MB of numbers) what differs in the middle is shown as replaced whole. */
const MAX_CELLS = 4_000_000;
const CONTEXT_LINES = 3;

export function diffLines(before: string, after: string): DiffLine[] {
  const a = before.split("\n");
  const b = after.split("\n");
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++;
  const same = (lines: string[]): DiffLine[] => lines.map((text) => ({ kind: "same", text }));
  return [
    ...same(a.slice(0, start)),
    ...diffMiddle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ];
}

function diffMiddle(a: string[], b: string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: "removed", text });
  const added = (text: string): DiffLine => ({ kind: "added", text });
  if (a.length * b.length > MAX_CELLS) return [...a.map(removed), ...b.map(added)];
  // common[i * width + j]: length of the longest common part of a from i on and b from j on.
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  for (; i < a.length && j < b.length; ) {
    const [left = "", right = ""] = [a[i], b[j]];
    if (left === right) {
      lines.push({ kind: "same", text: left });
      i++;
      j++;
    } else if (at(i + 1, j) >= at(i, j + 1)) {
      lines.push(removed(left));
      i++;
    } else {
      lines.push(added(right));
      j++;
    }
  }
  return [...lines, ...a.slice(i).map(removed), ...b.slice(j).map(added)];
}

/** Changed lines with some around them; the rest is counted. */
export function withoutLongSameParts(lines: readonly DiffLine[]): (DiffLine | DiffGap)[] {
  const near = new Set<number>();
  for (const [index, line] of lines.entries()) {
    if (line.kind === "same") continue;
    for (let other = index - CONTEXT_LINES; other <= index + CONTEXT_LINES; other++) near.add(other);
  }
  const shown: (DiffLine | DiffGap)[] = [];
  for (const [index, line] of lines.entries()) {
    const last = shown.at(-1);
    if (near.has(index)) shown.push(line);
    else if (last?.kind === "gap") last.count++;
    else shown.push({ kind: "gap", count: 1 });
  }
  return shown;
}
