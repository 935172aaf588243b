// The thread that reads one page: first as bare text in one pass, which no page can make slow, then as Markdown where its size permits.
import { parentPort, workerData } from "node:worker_threads";
import { bareText } from "./bare-text.ts";
import { pageToMarkdown } from "./page-to-markdown.ts";

export type PageThreadData = { html: string; url: string };
/** `begun` comes once the thread is ready to read. `bare` always comes; `markdown` after it, where it worked out. `whole`: not only what seems to be the main text. */
export type PageThreadMessage =
  | { kind: "begun" }
  | { kind: "bare"; title: string; text: string }
  | { kind: "markdown"; title: string; text: string; whole: boolean }
  | { kind: "done"; why: string | null };

/** Beyond these, a tree of the page takes minutes, or does not fit the stack. */
const MAX_DEPTH = 400;
const MAX_ELEMENTS = 40_000;

const { html, url } = workerData as PageThreadData;
const say = (message: PageThreadMessage) => parentPort?.postMessage(message);

say({ kind: "begun" });
const { title, text, depth, elements } = bareText(html);
say({ kind: "bare", title, text });
say({ kind: "done", why: depth > MAX_DEPTH || elements > MAX_ELEMENTS ? "too many elements" : readTree() });

/** Null, or why not. */
function readTree(): string | null {
  try {
    say({ kind: "markdown", ...pageToMarkdown(html, url, { title, elements }) });
    return null;
  } catch (error) {
    // Pages are of every kind; the bare text is there.
    return error instanceof Error ? error.message : String(error);
  }
}
