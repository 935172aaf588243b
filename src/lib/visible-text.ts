// Text that cannot lie about itself: control, bidirectional and invisible characters are shown as what they are.

/** Escape sequences of terminals: CSI, OSC (and its like, to their terminator), and two-character ones. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of control characters
const ANSI = /\u001b\[[0-?]*[ -/]*[@-~]|\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to find
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** An escape sequence, or a line's end, whose end is still to come. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are made of control characters
const BEGUN = /(?:\u001b(?:\[[0-?]*[ -/]*|[\]PX^_][^\u0007\u001b]{0,1000}|[ -/]*)|\r)$/;
/** Characters that reorder what is read. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
/** Characters that are not seen at all; joiners and tags included. */
const INVISIBLE =
  /[\u00ad\u115f\u1160\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|\u034f|\u17b4|\u17b5|\u180b|\u180c|\u180d|\u180e|\u180f|[\u{e0000}-\u{e0fff}]/gu;

/** For prose: joiners stay, since languages and emoji need them. */
export function visibleProse(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(CONTROL, mark).replace(REORDERING, mark);
}

/** For what is about to run or was read by a machine: every character that cannot be seen is named. */
export function visibleExactly(text: string): string {
  return visibleProse(text).replace(INVISIBLE, mark);
}

/** Emoji that are one picture for several characters: joined with U+200D, or a flag spelled in tags. */
const JOINED_EMOJI =
  /\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?(?:\u200d\p{Extended_Pictographic}(?:\ufe0f|\p{Emoji_Modifier})?)+|\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{1,6}\u{e007f}/gu;

/** For names that people give: as exact, but emoji stay whole, and a blank one can be seen. Nothing that a machine runs is shown like this. */
export function visibleName(text: string): string {
  if (text !== "" && text.trim() === "") return "(blank)";
  let shown = "";
  let from = 0;
  for (const { index, 0: emoji } of text.matchAll(JOINED_EMOJI)) {
    shown += visibleExactly(text.slice(from, index)) + emoji;
    from = index + emoji.length;
  }
  return (shown + visibleExactly(text.slice(from))).replaceAll(/[\n\t]/g, " ");
}

/** A name within a text that no markup can isolate, such as a choice of a list: it cannot reorder what stands around it. */
export function isolatedName(text: string): string {
  return `\u2068${visibleName(text)}\u2069`;
}

/** For output of programs: colours are dropped, a lone carriage return starts a new line. */
export function visibleOutput(text: string): string {
  return visibleExactly(text.replaceAll("\r\n", "\n").replace(ANSI, "").replaceAll("\r", "\n"));
}

/** Of output that goes on: what can be shown already, without the beginning of an escape sequence at its end. */
export function completeOutput(text: string): string {
  return text.replace(BEGUN, "");
}

function mark(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // The control pictures of Unicode: ␀ … ␟ and ␡.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
