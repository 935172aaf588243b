// Markdown that somebody else wrote, made safe to open in any viewer: no image is loaded, no HTML is read, no fence stays open. Pure.

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
/** A span of code within a line. */
const CODE_SPAN = /((`+)(?!`).*?[^`]\2(?!`))/;
const IMAGE = /!(?=\[)/g;
/** Not `<https://…>`, which is a link. */
const TAG = /<(?=[A-Za-z/!?])(?!https?:\/\/)/g;

/** In longer lines all is taken for prose: to look for spans would take long. */
const MAX_LINE = 5_000;

export function inertMarkdown(text: string): string {
  let open: string | null = null;
  const lines = text.split("\n").map((line) => {
    const mark = FENCE.exec(line)?.[1];
    if (open !== null) {
      if (mark?.startsWith(open) && line.trim() === mark) open = null;
      return line;
    }
    if (mark !== undefined) {
      open = mark;
      return line;
    }
    return inertLine(line);
  });
  // What follows must not be swallowed.
  if (open !== null) lines.push(open);
  return lines.join("\n");
}

function inertLine(line: string): string {
  if (line.length > MAX_LINE) return inertProse(line);
  // Of each match the split gives three parts: what stands before it, the span, its marks.
  return line
    .split(CODE_SPAN)
    .map((part, index) => (index % 3 === 0 ? inertProse(part) : index % 3 === 1 ? part : ""))
    .join("");
}

function inertProse(text: string): string {
  return text.replace(IMAGE, "\\!").replace(TAG, "\\<");
}
