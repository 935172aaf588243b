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
  readonly rows: number;
  /** Bytes as they are: what a program in a sandbox printed, a file. */
  write(bytes: Uint8Array, to: "out" | "err"): void;
  readonly paint: Paint;
  /** Null when the question was withdrawn by the signal, or the input has ended. */
  ask(question: string, signal: AbortSignal): Promise<string | null>;
  /** Everything from stdin. */
  readInput(): Promise<string>;
  /** The same as bytes. */
  readBytes(): Promise<Uint8Array<ArrayBuffer>>;
  /** Calls with what comes from stdin, and at its end, until the returned function is called. */
  onInput(handler: (bytes: Uint8Array<ArrayBuffer>) => void, onEnd: () => void): () => void;
  /** Every key goes to whoever reads, Ctrl-C as well, until the returned function is called. */
  raw(): () => void;
  onResize(handler: () => void): () => void;
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
