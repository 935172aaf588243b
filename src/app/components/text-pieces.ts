// A text of any length in pieces that can be drawn one by one: cut between lines where there are lines, never inside of a character
// or an escape sequence. Only what is shown is looked at.

/** A part of a text, by place. `goesOn`: it begins in the middle of a line. */
export type TextPiece = { start: number; end: number; goesOn: boolean };
export type PieceLimit = { lines: number; characters: number };

/** Of any one piece, so that each is cheap to draw and to leave out. */
const PIECE: PieceLimit = { lines: 400, characters: 16_000 };
/** No escape sequence that changes looks is as long. */
const MAX_SEQUENCE = 64;

/** Where a piece that begins at `from` ends: after a line where it can. */
export function endOfPiece(text: string, from: number, { lines, characters }: PieceLimit): number {
  const limit = from + characters;
  let end = from;
  for (let line = 0; line < lines; line++) {
    const newline = text.indexOf("\n", end);
    if (newline === -1 || newline >= limit) break;
    end = newline + 1;
    if (line === lines - 1) return end;
  }
  if (limit >= text.length) return text.length;
  // A line that does not fit begins the next piece; one that would leave most of this piece empty is cut where it is.
  return end - from >= characters / 2 ? end : safeCut(text, from, limit);
}

/** The pieces of the first `length` characters; the first one ends at `first`, which is a place that `endOfPiece` gave. */
export function toPieces(text: string, first: number, length: number): TextPiece[] {
  const pieces: TextPiece[] = [];
  for (let start = 0; start < length; ) {
    const end = start === 0 ? first : Math.min(endOfPiece(text, start, PIECE), length);
    pieces.push({ start, end, goesOn: start > 0 && text[start - 1] !== "\n" });
    if (end <= start) break;
    start = end;
  }
  return pieces;
}

/** How far a text is shown after one more step from `shown`. */
export function nextStep(text: string, shown: number, { lines, characters }: PieceLimit): number {
  let end = shown;
  for (let left = lines; left > 0 && end < text.length && end - shown < characters; ) {
    const start = end;
    end = endOfPiece(text, start, PIECE);
    left -= countLines(text.slice(start, end), 0);
  }
  return end;
}

/** The lines around a place that is not shown, no more than can be taken in at a glance. */
export function pieceAround(text: string, at: number): TextPiece {
  const EACH_WAY = 600;
  const line = text.lastIndexOf("\n", Math.max(0, at - 200));
  const start = line >= at - EACH_WAY ? line + 1 : Math.max(0, at - EACH_WAY);
  const newline = text.indexOf("\n", at + 200);
  const end = newline === -1 || newline > at + EACH_WAY ? Math.min(text.length, at + EACH_WAY) : newline + 1;
  return { start, end, goesOn: start > 0 && text[start - 1] !== "\n" };
}

export function countLines(text: string, from: number): number {
  let lines = from < text.length && !text.endsWith("\n") ? 1 : 0;
  for (let at = text.indexOf("\n", from); at !== -1; at = text.indexOf("\n", at + 1)) lines++;
  return lines;
}

function safeCut(text: string, from: number, limit: number): number {
  const sequence = text.lastIndexOf("\u001b", limit - 1);
  let end = limit;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
  if (sequence > from && limit - sequence < MAX_SEQUENCE && !/^\u001b\[[0-9;]*m/.test(text.slice(sequence, limit)))
    end = sequence;
  const last = text.charCodeAt(end - 1);
  return last >= 0xd800 && last <= 0xdbff && end - 1 > from ? end - 1 : end;
}
