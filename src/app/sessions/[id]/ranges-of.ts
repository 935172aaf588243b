// Where a pattern matches in what is drawn, also across the borders of elements within a line.

/** More marks than these help nobody. */
const MAX_RANGES = 2_000;
/** Elements that begin a text of their own: nothing matches from one into the next. */
const BLOCKS = "p, pre, li, td, th, h1, h2, h3, h4, h5, h6, div, button, article";

export function rangesOf(root: Element, pattern: RegExp): Range[] {
  const ranges: Range[] = [];
  let texts: Text[] = [];
  let block: Element | null = null;
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const text = node as Text;
    const own = text.parentElement?.closest(BLOCKS) ?? null;
    if (own !== block) {
      addRanges(texts, pattern, ranges);
      texts = [];
      block = own;
    }
    texts.push(text);
    if (ranges.length >= MAX_RANGES) break;
  }
  addRanges(texts, pattern, ranges);
  return ranges.slice(0, MAX_RANGES);
}

function addRanges(texts: readonly Text[], pattern: RegExp, ranges: Range[]): void {
  if (texts.length === 0 || ranges.length >= MAX_RANGES) return;
  const whole = texts.map((text) => text.data).join("");
  for (const { index, 0: found } of whole.matchAll(pattern)) {
    const range = document.createRange();
    range.setStart(...placeIn(texts, index));
    range.setEnd(...placeIn(texts, index + found.length));
    ranges.push(range);
  }
}

function placeIn(texts: readonly Text[], at: number): [Text, number] {
  let before = 0;
  for (const text of texts) {
    if (at <= before + text.length) return [text, at - before];
    before += text.length;
  }
  throw new Error(`there is no character ${at}`);
}
