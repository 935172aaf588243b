// What every command is given.
import type { BerthClient } from "../../client/berth.ts";
import type { ServerFlags } from "../find-server.ts";
import type { Terminal } from "../terminal.ts";

export type CommandContext = {
  terminal: Terminal;
  /** The release of this command. */
  version: string;
  /** The server's client; throws `CliFailure` when no server or key is found. `dataDir`: where the data of a server on this machine is, else null. */
  connect: (flags: ServerFlags) => { client: BerthClient; url: string; dataDir: string | null };
  /** `npm start` of this Berth, in the foreground; resolves with its exit code. */
  startServer: (args: readonly string[]) => Promise<number>;
  /** Prints another one-time link; resolves with the exit code. */
  printLoginLink: () => Promise<number>;
  /** Does something with the keys that seal stored credentials, on this machine; resolves with the exit code. */
  manageKeys: (args: readonly string[]) => Promise<number>;
  /** The exit code of this command. */
  exit: (code: number) => void;
  now: () => number;
};
