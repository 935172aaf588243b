// Searches on a thread of their own: a pattern can match for ever, and a thread can be ended.
import { ToolError } from "./paths.ts";
import type { Beginning } from "./place.ts";
import { cutShort, MAX_ANSWER_BYTES, SEARCH_TIMEOUT_MS, TRUNCATED } from "./search-answer.ts";

/** The argument by which the program knows that it runs as the search thread. */
export const SEARCH_THREAD = "search-thread";

/** What the thread is given. A descriptor is open for all threads of the process. */
export type Search = { tool: "glob"; pattern: string; root: string } | { tool: "grep"; pattern: string; at: Beginning };
/** What it sends; all but the last are lines. */
export type SearchMessage = { line: string } | { done: true } | { problem: string };

/** Resolves with what was found, also after the time-out. `workerFile` is the program that the thread runs. */
export function searchInThread(search: Search, workerFile: string, signal: AbortSignal): Promise<string> {
  const { tool } = search;
  return new Promise((resolve, reject) => {
    // Loaded when it is wanted, as not every sandbox wants it.
    const { Worker } = process.getBuiltinModule("node:worker_threads");
    const options = { argv: [SEARCH_THREAD], workerData: search, env: {}, resourceLimits: { stackSizeMb: 8 } };
    const worker = new Worker(workerFile, options);
    const lines: string[] = [];
    let bytes = 0;
    const end = (answer: () => string) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      worker.removeAllListeners();
      worker.terminate().then(answer).then(resolve, reject);
    };
    const fail = (problem: string) =>
      end(() => {
        throw new ToolError(problem);
      });
    const onAbort = () => fail(`${tool}: aborted`);
    const timer = setTimeout(() => end(() => cutShort(tool, lines.join("\n"))), SEARCH_TIMEOUT_MS);
    signal.addEventListener("abort", onAbort, { once: true });
    worker.on("message", (message: SearchMessage) => {
      if ("done" in message) return end(() => (lines.length === 0 ? "no matches" : lines.join("\n")));
      if ("problem" in message) return fail(`${tool}: search failed: ${message.problem}`);
      bytes += Buffer.byteLength(message.line) + 1;
      // Names of files are as many as glob shows, however long they are.
      if (bytes > MAX_ANSWER_BYTES && tool === "grep") return end(() => lines.join("\n") + TRUNCATED);
      lines.push(message.line);
    });
    worker.on("error", (error) => fail(`${tool}: search failed: ${error.message}`));
    if (signal.aborted) onAbort();
  });
}
