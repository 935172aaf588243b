// A table as CSV (RFC 4180) that a spreadsheet opens as data: no cell of it is a formula. Pure.

export type Cell = string | number;

export function toCsv(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  return [header, ...rows].map((cells) => `${cells.map(cellText).join(",")}\r\n`).join("");
}

/** Spreadsheets run what begins like a formula; an apostrophe in front makes it text. Numbers of ours stay numbers. */
function cellText(cell: Cell): string {
  if (typeof cell === "number") return String(cell);
  const text = /^[=+\-@\t\r\n＝＋－＠]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
