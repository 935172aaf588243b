// The thread that reads one page or PDF. A page: first as bare text in one pass, which no page can make slow, then as Markdown where its size permits.
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "../lib/errors.ts";
import { bareText } from "./bare-text.ts";
import { pageToMarkdown } from "./page-to-markdown.ts";
import { type PdfText, pdfToText } from "./pdf-to-text.ts";

export type PageThreadData = { html: string; url: string } | { pdf: Uint8Array };
/** `begun` comes once the thread is ready to read. `bare` always comes; `markdown` after it, where it worked out. `whole`: not only what seems to be the main text. */
export type PageThreadMessage =
  | { kind: "begun" }
  | { kind: "bare"; title: string; text: string }
  | { kind: "markdown"; title: string; text: string; whole: boolean }
  | ({ kind: "pdf" } & PdfText)
  | { kind: "done"; why: string | null };

/** Beyond these, a tree of the page takes minutes, or does not fit the stack. */
const MAX_DEPTH = 400;
const MAX_ELEMENTS = 40_000;

const data = workerData as PageThreadData;
const say = (message: PageThreadMessage) => parentPort?.postMessage(message);

say({ kind: "begun" });
// Pages are of every kind, and so are failures; what was said until then is there.
say({ kind: "done", why: await read(data).catch((error: unknown) => messageOf(error)) });

/** Null, or why not all could be read. */
async function read(what: PageThreadData): Promise<string | null> {
  if ("pdf" in what) {
    await pdfToText(what.pdf, (text) => say({ kind: "pdf", ...text }));
    return null;
  }
  const { html, url } = what;
  const { title, text, depth, elements } = bareText(html);
  say({ kind: "bare", title, text });
  if (depth > MAX_DEPTH || elements > MAX_ELEMENTS) return "too many elements";
  say({ kind: "markdown", ...pageToMarkdown(html, url, { title, elements }) });
  return null;
}
