// What the command line writes to and hears from: the terminal of a person, or the pipes of a script.

export type Terminal = {
  /** What was asked for: goes into pipes and files. */
  out(text: string): void;
  /** What a person wants to know beside it. */
  note(text: string): void;
  /** stdout is a terminal: text may be shown while it is written. */
  readonly live: boolean;
  /** A person can be asked. */
  readonly interactive: boolean;
  readonly columns: number;
  readonly paint: Paint;
  /** Null when the question was withdrawn by the signal, or the input has ended. */
  ask(question: string, signal: AbortSignal): Promise<string | null>;
  /** Everything from stdin. */
  readInput(): Promise<string>;
  /** Calls on Ctrl-C until the returned function is called. */
  onInterrupt(handler: () => void): () => void;
};

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Colour = keyof typeof codes;
export type Paint = (text: string, colour: Colour) => string;

/** Without colours the text stays as it is: what was neutralised before stays so. */
export function createPaint(colour: boolean): Paint {
  return (text, name) => (colour && text !== "" ? `\u001b[${codes[name]}m${text}\u001b[0m` : text);
}
