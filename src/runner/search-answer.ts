// How far a search goes, and what is told of one that did not get to its end.
import { ToolError } from "./paths.ts";

export const SEARCH_TIMEOUT_MS = 60_000;
/** Of matching lines. */
export const MAX_ANSWER_BYTES = 100 * 1024;
export const TRUNCATED = `\n[output truncated at ${MAX_ANSWER_BYTES} bytes]`;

/** What is told after the time-out; a `ToolError` where nothing was found until then. */
export function cutShort(tool: string, found: string): string {
  if (found === "") throw new ToolError(`${tool}: timed out after ${SEARCH_TIMEOUT_MS / 1000}s`);
  return `${found}\n[the search was cut short after ${SEARCH_TIMEOUT_MS} ms]`;
}
