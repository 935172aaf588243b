// A text on one line. Pure.

/** Each newline, with the white space around it, becomes one blank. A pattern for it takes the square of the length of white space that has no newline in it. */
export function oneLine(text: string): string {
  const lines = text.split("\n");
  return lines
    .map((line, index) => {
      if (index === 0) return lines.length === 1 ? line : line.trimEnd();
      return index === lines.length - 1 ? line.trimStart() : line.trim();
    })
    .filter((line, index) => line !== "" || index === 0 || index === lines.length - 1)
    .join(" ");
}
