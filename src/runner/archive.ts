// A tar stream of the workspace (`workspace/…`) and the home directory (`home/…`): regular files, directories and links only.

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { childEnv } from "../lib/child-env.ts";
import { openToOwner } from "../lib/open-to-owner.ts";

/**
 * `find` chooses what goes in, so that a FIFO, a socket or a device is never opened; `--sparse` keeps holes small.
 * Links' targets stay as they are (`S`); names of hard links are renamed like the files (`rh`).
 */
const SCRIPT = `
set -o pipefail
find "$1" "$2" \\( -type f -o -type d -o -type l \\) -print0 |
  tar --create --absolute-names --format=posix --sparse --null --no-recursion --ignore-failed-read --warning=none \\
    --transform="s,^$1\\(/\\|$\\),workspace\\1,rhS" --transform="s,^$2\\(/\\|$\\),home\\1,rhS" --files-from=- --file=-
`;
/**
 * tar's exit code when a file changed while it was read: it is as it was at some moment. Also find's, when a directory could not be
 * read: what an agent closed to itself is left out, as snapshots leave it out, so that it can't keep people from all the rest.
 */
const FILES_CHANGED_OR_LEFT_OUT = 1;

export type Archive = {
  stream: Readable;
  /** Rejects when the archive is cut off. */
  ended: Promise<void>;
  stop: () => void;
};

export function startArchive(options: { workspaceDir: string; homeDir: string; env: Record<string, string> }): Archive {
  for (const root of [options.workspaceDir, options.homeDir]) openToOwner(root);
  const child = spawn("/bin/bash", ["-c", SCRIPT, "archive", options.workspaceDir, options.homeDir], {
    env: childEnv(options.env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let problem = "";
  child.stderr.on("data", (chunk: Buffer) => {
    if (problem.length < 2048) problem += chunk.toString("utf8");
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0 || code === FILES_CHANGED_OR_LEFT_OUT) resolve();
      else reject(new Error(`archive: ${problem.trim() || `tar ended with ${code}`}`));
    });
  });
  // Its own group, so that find and tar end with the shell.
  const stop = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, "SIGKILL");
  };
  return { stream: child.stdout, ended, stop };
}
