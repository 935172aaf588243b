// What a search looks for, as a pattern: the words as they are, whatever their case.

/** Null when there is nothing to look for. The pattern is global: it remembers where it was. */
export function toWordsPattern(query: string): RegExp | null {
  const words = query.trim();
  return words === "" ? null : new RegExp(words.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu");
}

/** Place of the first match in a text; -1 without one. */
export function findWords(text: string, pattern: RegExp): number {
  pattern.lastIndex = 0;
  return pattern.exec(text)?.index ?? -1;
}
