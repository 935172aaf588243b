// What a copied disk must not have of the one that it was copied from: everything but files, and whatever a restore would not see.
import { runCommand } from "./run-command.ts";

/** Within what the runner lists: names in a path, and its bytes. */
const MAX_DEPTH = 200;
const MAX_PATH_BYTES = 3_000;
const CLEAN_MS = 60_000;

/**
 * In `directory` nothing is left but `workspace` and `home`, with files, directories and links that belong to `uid` and that it may
 * read; null: they are the caller's already. Nobody else may be at work there. Throws for what can't be made so.
 */
export async function cleanCopy(directory: string, { uid }: { uid: number | null }): Promise<void> {
  const args = [directory, uid === null ? "" : `${uid}:${uid}`, `${MAX_DEPTH}`, `${MAX_PATH_BYTES}`];
  await runCommand("/bin/sh", ["-euc", CLEAN_SCRIPT, "clean", ...args], { timeoutMs: CLEAN_MS });
}

/** The runner's journal and its outputs are in `state`. Names are never parts of a command line that a shell reads. */
const CLEAN_SCRIPT = `
cd "$1"
find . -mindepth 1 -maxdepth 1 ! -name workspace ! -name home -exec rm -rf -- {} +
if [ -n "$(find workspace home -mindepth "$3" -print -quit | head -c 1)" ]; then echo "it has directories that are too deep" >&2; exit 1; fi
long=$(find workspace home -regextype posix-extended -regex "(.|
){$4,}" -print -quit | head -c 1)
if [ -n "$long" ]; then echo "it has paths that are too long" >&2; exit 1; fi
find workspace home ! -type f ! -type d ! -type l -exec rm -f -- {} +
if [ -n "$2" ]; then chown -hR "$2" workspace home; fi
find workspace home -type d ! -perm -0700 -exec chmod u+rwx -- {} +
find workspace home -type f ! -perm -0400 -exec chmod u+r -- {} +
`;
