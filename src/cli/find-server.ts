// Which server the command line talks to, and with which key: flags, then variables, then the Berth that runs on this machine.
import { CliFailure } from "./exit-codes.ts";

export type ServerFlags = { url?: string; apiKey?: string };
/** `isLocal`: it runs on the data directory of this machine. */
export type Server = { url: string; apiKey: string; isLocal: boolean };

export type Surroundings = {
  /** `BERTH_URL` and `BERTH_API_KEY`; empty means unset. */
  url: string | undefined;
  apiKey: string | undefined;
  dataDir: string;
  /** The trimmed text of a file in the data directory; null when there is none. */
  readDataFile: (name: string) => string | null;
};

/** Throws `CliFailure` with what to do. A key that was only found in the data directory goes to no server but its own. */
export function findServer(flags: ServerFlags, around: Surroundings): Server {
  const localUrl = around.readDataFile("run/web.url");
  const url = flags.url || around.url || localUrl;
  if (!url) throw new CliFailure(noServer(around.dataDir));
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ""))
    throw new CliFailure(`${JSON.stringify(url)} is not the URL of a server. Example: --url http://127.0.0.1:3000`);
  const isLocal = localUrl !== null && new URL(localUrl).origin === new URL(url).origin;
  const apiKey = flags.apiKey || around.apiKey || (isLocal ? around.readDataFile("api-key") : null);
  if (!apiKey) throw new CliFailure(noKey(url));
  return { url, apiKey, isLocal };
}

function noServer(dataDir: string): string {
  return [
    "No server was found.",
    `  Berth does not run on ${dataDir}, and neither --url nor BERTH_URL is given.`,
    "  Start it with `berth up`, or name one: --url http://127.0.0.1:3000 --api-key …",
  ].join("\n");
}

function noKey(url: string): string {
  return [
    `No API key for ${url} was found.`,
    "  The key in the data directory is for the server that runs on it, and this is another one.",
    "  Set BERTH_API_KEY, or use --api-key.",
  ].join("\n");
}
