// What every command is given.
import type { BerthClient } from "../../client/berth.ts";
import type { ServerFlags } from "../find-server.ts";
import type { Terminal } from "../terminal.ts";

export type CommandContext = {
  terminal: Terminal;
  /** The server's client; throws `CliFailure` when no server or key is found. */
  connect: (flags: ServerFlags) => { client: BerthClient; url: string };
  /** `npm start` of this Berth, in the foreground; resolves with its exit code. */
  startServer: (args: readonly string[]) => Promise<number>;
  /** Prints another one-time link; resolves with the exit code. */
  printLoginLink: () => Promise<number>;
  /** The exit code of this command. */
  exit: (code: number) => void;
  now: () => number;
};
