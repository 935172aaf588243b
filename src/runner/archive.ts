// A tar stream of the workspace (`workspace/…`) and the home directory (`home/…`): regular files, directories and links only. What was left out
// is named at its end, in `left-out.txt`.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { childEnv } from "../lib/child-env.ts";
import { openToOwner } from "../lib/open-to-owner.ts";

/**
 * tar goes from directory to directory by itself: it opens each name in the directory above it, and no link, so that a directory that
 * is swapped for a link meanwhile leads nowhere; a list of paths would lead through it. It does not wait for a FIFO's other end.
 * `--sparse` keeps holes small. Links' targets stay as they are (`S`); names of hard links are renamed like the files (`rh`).
 *
 * `find` goes first: it names what is no file, directory or link, for tar to leave out, and writes all that is left out to a file, a line
 * each with the reason in the words of a listing. That file is the last thing that tar reads, or is left out, too, where it says nothing.
 */
const SCRIPT = `
set -o pipefail
raw=/dev/null
if [ -n "$3" ]; then raw=$3/raw; fi
(
  find "$1" "$2" ! -type f ! -type d ! -type l ! -path $'*\\n*' -print , \\
    -type p -fprintf "$raw" '%p: a named pipe\\0' , -type s -fprintf "$raw" '%p: a socket\\0' , \\
    \\( -type b -o -type c \\) -fprintf "$raw" '%p: a device\\0' , \\
    \\( -type d \\( ! -readable -o ! -executable \\) -o -type f ! -readable \\) -fprintf "$raw" '%p: no permission to read it\\0'
  found=$?
  if ! { [ -s "$raw" ] && tr '\\n\\0' '?\\n' < "$raw" > "$3/left-out.txt"; }; then printf '%s\\n' "$3/left-out.txt"; fi
  exit $found
) | tar --create --absolute-names --format=posix --sparse --ignore-failed-read --warning=none \\
    --anchored --no-wildcards --exclude-from=- \\
    --transform="s,^$1\\(/\\|$\\),workspace\\1,rhS" --transform="s,^$2\\(/\\|$\\),home\\1,rhS" \\
    --transform="s,^\${3:-/nowhere}/,,r" --file=- "$1" "$2" \${3:+"$3/left-out.txt"}
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
  const notes = makeNotes();
  const child = spawn("/bin/bash", ["-c", SCRIPT, "archive", options.workspaceDir, options.homeDir, notes ?? ""], {
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
      if (notes !== null) rmSync(notes, { recursive: true, force: true });
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

/** Where `find` writes what it leaves out. Null: the agent left no room for it, which is no reason to keep people from its files. */
function makeNotes(): string | null {
  try {
    const directory = mkdtempSync(join(tmpdir(), "berth-archive-"));
    for (const name of ["raw", "left-out.txt"]) writeFileSync(join(directory, name), "");
    return directory;
  } catch {
    return null;
  }
}
