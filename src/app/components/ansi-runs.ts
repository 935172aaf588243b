// Output of a terminal as runs of text with a style each. Only colours and weights are kept; nothing in it can act.
import Anser from "anser";
import { visibleOutput } from "../../lib/visible-text.ts";
import { classNames } from "./class-names.ts";

export type AnsiRun = { text: string; style: string };

/** "Select graphic rendition": the one kind of escape sequence that changes looks and nothing else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const LOOKS = /(\u001b\[[0-9;]*m)/;

const colours: Readonly<Record<string, string>> = {
  "ansi-red": "text-danger",
  "ansi-green": "text-good",
  "ansi-yellow": "text-waiting",
  "ansi-blue": "text-accent",
  "ansi-magenta": "text-violet",
  "ansi-cyan": "text-teal",
};
const decorations: Readonly<Record<string, string>> = {
  bold: "font-semibold",
  italic: "italic",
  underline: "underline",
  strikethrough: "line-through",
};

/** The texts together are `visibleOutput(text)`, cut after `maxLength` characters. Concealed text is shown. */
export function ansiRuns(text: string, maxLength: number): AnsiRun[] {
  const safe = text
    .split(LOOKS)
    .map((part, index) => (index % 2 === 1 ? part : visibleOutput(part)))
    .join("");
  const runs: AnsiRun[] = [];
  let left = maxLength;
  for (const entry of Anser.ansiToJson(safe, { json: true, use_classes: true, remove_empty: true })) {
    if (left <= 0) break;
    const style = classNames(
      colours[(entry.fg ?? "").replace("bright-", "")],
      entry.decorations.map((name) => decorations[name]),
    );
    runs.push({ text: entry.content.slice(0, left), style });
    left -= entry.content.length;
  }
  return runs;
}
