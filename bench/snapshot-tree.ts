// A tree of text files that is the same on each run: made inside a sandbox by its own shell, and here for the baselines.
import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

export type TreeSize = { directories: number; filesEach: number; fileBytes: number };

/** Perl, as any Debian has it. Without square brackets, which end the scripted model's command. */
export function treeCommand({ directories, filesEach, fileBytes }: TreeSize): string {
  const script = `srand(7); my $abc = "abcdefghijklmnopqrstuvwxyz"; my $pool = "";
    $pool .= substr($abc, int(rand(20)), 2 + int(rand(6))) . " " while length($pool) < 8_000_000;
    for my $d (1..${directories}) { mkdir "d$d" or die;
      for my $f (1..${filesEach}) { open(my $out, ">", "d$d/f$f") or die;
        print $out substr($pool, int(rand(8_000_000 - ${fileBytes})), ${fileBytes}); close($out) or die; } }`;
  return `perl -e '${script.replaceAll(/\s+/g, " ")}' && echo made`;
}

export function makeTree(directory: string, size: TreeSize): void {
  execFileSync("bash", ["-c", treeCommand(size)], { cwd: directory });
}

/** Milliseconds that a command takes, each time after `prepare`. */
export function timeCommand(command: readonly [string, ...string[]], prepare: () => void): number {
  prepare();
  const [file, ...args] = command;
  const startMs = performance.now();
  execFileSync(file, args);
  return performance.now() - startMs;
}

/** Of all files below, in bytes. */
export function bytesBelow(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + lstatSync(join(entry.parentPath, entry.name)).size, 0);
}
