// Which colours and weights of a terminal are in force after a text, so that what follows it can be drawn alone.

/** "Select graphic rendition". */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const LOOKS = /\u001b\[([0-9;]*)m/g;
/** Each of them replaces or adds to one look: there are few that matter. */
const MAX_SEQUENCES = 32;

/** `before`: what was in force where the text began. Both are sequences, as a terminal reads them. */
export function looksAfter(before: string, text: string): string {
  // Most texts have none.
  if (!text.includes("\u001b[")) return before;
  let sequences = [...before.matchAll(LOOKS)].map(([sequence]) => sequence);
  for (const [sequence, codes = ""] of text.matchAll(LOOKS)) {
    // A reset; what comes after it in the same sequence stays.
    if (/^0*$|^0+;/.test(codes)) sequences = [];
    if (!/^0*$/.test(codes)) sequences.push(sequence);
  }
  return sequences.slice(-MAX_SEQUENCES).join("");
}
