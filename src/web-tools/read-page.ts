// Reads pages in threads of their own: a page that takes for ever, or all memory, ends its thread and nothing else.
import { Worker } from "node:worker_threads";
import { createSemaphore } from "../lib/turns.ts";
import type { PageThreadData, PageThreadMessage } from "./read-page-thread.ts";

/** Of one process, at once. */
const MAX_THREADS = 2;
const MAX_MS = 15_000;
/** On a busy machine a thread is not there at once. */
const MAX_START_MS = 60_000;
const MEMORY = { maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
const THREAD = new URL("./read-page-thread.ts", import.meta.url);

/** What the text is, in words. */
export type PageText = { title: string; text: string; how: string };

const HOWS = {
  main: "the main text of the page, as Markdown",
  whole: "the page as Markdown",
  bare: "the page as plain text, since it is too large or too odd for more",
} as const;
export type ReadPage = (page: PageThreadData) => Promise<PageText | null>;

/** Gives null for what can't be read in time, or at all. */
export function createReadPage({ maxMs = MAX_MS }: { maxMs?: number } = {}): ReadPage {
  const inTurn = createSemaphore(MAX_THREADS);
  return (page) => inTurn(() => readInThread(page, maxMs));
}

function readInThread(page: PageThreadData, maxMs: number): Promise<PageText | null> {
  return new Promise((resolve) => {
    let best: PageText | null = null;
    const thread = new Worker(THREAD, { workerData: page, resourceLimits: MEMORY, stdout: true, stderr: true });
    const finish = () => {
      clearTimeout(late);
      resolve(best);
      void thread.terminate();
    };
    let late = setTimeout(finish, MAX_START_MS);
    thread.on("message", (message: PageThreadMessage) => {
      if (message.kind === "done") return finish();
      if (message.kind === "begun") {
        clearTimeout(late);
        late = setTimeout(finish, maxMs);
        return;
      }
      const { title, text } = message;
      if (message.kind === "pdf")
        best = { title, text, how: `the text of ${message.pages} of the ${message.of} pages of a PDF` };
      // Markdown without a word in it is of a page whose text only scripts would bring: then the bare text stays.
      else if (message.kind === "bare") best = { title, text, how: HOWS.bare };
      else if (text !== "") best = { title, text, how: message.whole ? HOWS.whole : HOWS.main };
    });
    // Out of memory, or out of stack: what it said until then is what there is.
    thread.once("error", finish);
    thread.once("exit", finish);
  });
}
