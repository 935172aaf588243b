// A long markdown text in pieces that are markdown each: cut between blocks, and within a block only when it is longer than that.

/** `start`: place in the whole text. */
export type MarkdownPiece = { start: number; text: string };

/** A piece ends at the first gap between blocks after so many characters, at the latest after twice as many. */
const PIECE_CHARACTERS = 12_000;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;
/** A fence is at the beginning of its line. */
const MAX_FENCE = 200;

export function toMarkdownPieces(text: string, pieceCharacters = PIECE_CHARACTERS): MarkdownPiece[] {
  const most = pieceCharacters * 2;
  if (text.length <= most) return [{ start: 0, text }];
  const pieces: MarkdownPiece[] = [];
  let start = 0;
  /** The line that opened the code that we are in: a cut inside of it closes it, and opens it again in the next piece. */
  let fence: string | null = null;
  let opened = "";
  const cut = (end: number) => {
    pieces.push({ start, text: opened + text.slice(start, end) + (fence === null ? "" : `\n${markOf(fence)}`) });
    opened = fence === null ? "" : `${fence}\n`;
    start = end;
  };
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf("\n", at);
    const end = newline === -1 ? text.length : newline + 1;
    // Between two lines where that is soon enough; a line that is longer than a piece is cut where it is.
    while (end - start > most) cut(at - start >= pieceCharacters ? at : wholeCharacter(text, start + most));
    const line = text.slice(at, Math.min(end, at + MAX_FENCE)).trimEnd();
    if (line === "" && fence === null && end - start >= pieceCharacters) cut(end);
    fence = fenceAfter(fence, line);
    at = end;
  }
  if (start < text.length) pieces.push({ start, text: opened + text.slice(start) });
  return pieces;
}

function fenceAfter(open: string | null, line: string): string | null {
  const mark = FENCE.exec(line)?.[1];
  if (mark === undefined) return open;
  if (open === null) return line;
  const own = markOf(open);
  const closes = mark[0] === own[0] && mark.length >= own.length && line.trim() === mark;
  return closes ? null : open;
}

function markOf(fence: string): string {
  return FENCE.exec(fence)?.[1] ?? "```";
}

function wholeCharacter(text: string, at: number): number {
  const last = text.charCodeAt(at - 1);
  return last >= 0xd800 && last <= 0xdbff ? at - 1 : at;
}
