// Which commands of the palette fit what was typed, best first.

export type Matchable = { label: string; hint: string };

/**
 * Every word has to occur; a label that is what was typed comes first, then one that begins with it, one that contains it, a hint last.
 * Who types what `idOf` says of one, whole, gets that one.
 */
export function matchCommands<Command extends Matchable>(
  commands: readonly Command[],
  query: string,
  idOf: (command: Command) => string = () => "",
): Command[] {
  const typed = query.trim();
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return commands
    .map((command) => ({ command, rank: typed !== "" && idOf(command) === typed ? 0 : rank(command, words) }))
    .filter(({ rank }) => rank !== null)
    .sort((one, other) => (one.rank ?? 0) - (other.rank ?? 0))
    .map(({ command }) => command);
}

function rank({ label, hint }: Matchable, words: readonly string[]): number | null {
  const [inLabel, inHint] = [label.toLowerCase(), hint.toLowerCase()];
  let sum = inLabel.startsWith(words.join(" ")) ? (inLabel === words.join(" ") ? -2 : -1) : 0;
  for (const word of words) {
    if (inLabel.startsWith(word)) continue;
    if (inLabel.includes(word)) sum += 1;
    else if (inHint.includes(word)) sum += 3;
    else return null;
  }
  return sum;
}
