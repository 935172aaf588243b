// What a command's exit code says; the table of docs/cli.md.

export const EXIT = {
  /** Done; of `run` and `attach`: the agent ended its turn. */
  done: 0,
  /** The command itself failed: wrong usage, no server, refused. */
  failed: 1,
  /** The agent waits for a person, and nobody could be asked. */
  waiting: 2,
  /** The agent's turn ended with an error. */
  turnFailed: 3,
  /** A person pressed Ctrl-C: the turn was interrupted, or goes on without this terminal. */
  interrupted: 130,
} as const;

/** A failure that is told in words, without a stack. */
export class CliFailure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "CliFailure";
  }
}
