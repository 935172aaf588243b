// The search tools of the toolset: glob by pattern, grep by ripgrep, or by a thread of our own where there is no ripgrep.
import { closeSync } from "node:fs";
import { isAbsolute } from "node:path";
import { messageOf } from "../lib/errors.ts";
import { confine, errnoOf, fileErrorText, type Roots, ToolError } from "./paths.ts";
import { type Beginning, openBeginning } from "./place.ts";
import { grepWithRipgrep } from "./ripgrep.ts";
import { searchInThread } from "./search-thread.ts";

/** A matcher tries every way to spread a name over its wildcards: with each one more it takes a hundred times as long. */
const MAX_WILDCARDS = 3;
/** Each list of alternatives multiplies the patterns that are looked for. */
const MAX_LISTS = 3;
const MAX_ALTERNATIVES = 64;

type Thread = { workerFile: string; signal: AbortSignal };

/** Paths of files below `root`, the one that changed last first. On a thread: while names are matched, its loop stands still. */
export async function globTool(input: { pattern: string; root: string } & Thread): Promise<string> {
  const { pattern, root } = input;
  if (!pattern) throw new ToolError("glob: pattern is required");
  if (isAbsolute(pattern)) {
    throw new ToolError("glob: absolute pattern not permitted; pass a relative pattern (and optionally path)");
  }
  if (pattern.split(/[\\/{},]/).includes("..")) throw new ToolError('glob: ".." is not permitted in the pattern');
  refuseEndless(pattern);
  return searchInThread({ tool: "glob", pattern, root }, input.workerFile, input.signal);
}

/** A pattern that would take until the time-out, whatever the names are, is refused at once. */
function refuseEndless(pattern: string): void {
  if (/[+*]\(/.test(pattern)) throw new ToolError("glob: +(…) and *(…) are not permitted in the pattern");
  // `**` is one wildcard, and `!(…)` holds one.
  if (pattern.split("/").some((name) => (name.match(/\*+|!\(/g)?.length ?? 0) > MAX_WILDCARDS))
    throw new ToolError(`glob: more than ${MAX_WILDCARDS} wildcards in one name are not permitted in the pattern`);
  const lists = pattern.split("{").length - 1;
  if (lists > MAX_LISTS || (lists > 0 && pattern.split(",").length > MAX_ALTERNATIVES))
    throw new ToolError(
      `glob: more than ${MAX_LISTS} lists of alternatives, or ${MAX_ALTERNATIVES} alternatives, are not permitted in the pattern`,
    );
  if (/\{[^}]*\.\./.test(pattern)) throw new ToolError("glob: ranges such as {1..9} are not permitted in the pattern");
}

type GrepInput = { pattern: string; path: string; roots: Roots; env: Record<string, string> } & Thread;

/** Matching lines of the files below `path`, or of the file that is there. `ripgrep` is null where there is none. */
export async function grepTool(input: GrepInput & { ripgrep: string | null }): Promise<string> {
  const { pattern, path, roots, ripgrep } = input;
  if (!pattern) throw new ToolError("grep: pattern is required");
  let at: Beginning;
  try {
    at = await openBeginning(path, roots);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    if (ripgrep === null) throw new ToolError(`grep: ${fileErrorText(error, path)}`);
    return grepWithRipgrep({ ...input, ripgrep }, await confine(path, roots));
  }
  try {
    if (at.kind === "other") throw new ToolError(`grep: ${path} is neither a directory nor a regular file`);
    return await (ripgrep === null ? grepInThread(input, at) : grepWithRipgrep({ ...input, ripgrep }, at));
  } finally {
    closeSync(at.fd);
  }
}

function grepInThread({ pattern, workerFile, signal }: GrepInput, at: Beginning): Promise<string> {
  try {
    new RegExp(pattern);
  } catch (error) {
    throw new ToolError(`grep: invalid regex: ${messageOf(error)}`);
  }
  return searchInThread({ tool: "grep", pattern, at }, workerFile, signal);
}
