// A PDF's text, page by page. Nothing in it runs: no scripts, no fonts, no pictures.
import { getDocumentProxy } from "unpdf";

export type PdfText = { title: string; text: string; pages: number; of: number };

const MAX_PAGES = 300;
const MAX_TEXT = 5 * 1024 * 1024;
/** What was read is told now and then, since a document may take longer than it gets. */
const TOLD_EVERY = 10;

/** Throws for what is no PDF, or one that needs a password. */
export async function pdfToText(bytes: Uint8Array, tell: (text: PdfText) => void): Promise<void> {
  const document = await getDocumentProxy(bytes, { verbosity: 0 });
  const title = titleOf(await document.getMetadata());
  const of = document.numPages;
  let text = "";
  let pages = 0;
  for (let number = 1; number <= Math.min(of, MAX_PAGES) && text.length < MAX_TEXT; number++) {
    const page = await document.getPage(number);
    const { items } = await page.getTextContent();
    const words = items.map((item) => ("str" in item ? `${item.str}${item.hasEOL ? "\n" : ""}` : "")).join("");
    text += `${number === 1 ? "" : "\n\n"}[page ${number}]\n${words.trim()}`;
    page.cleanup();
    pages = number;
    if (number % TOLD_EVERY === 0) tell({ title, text, pages, of });
  }
  tell({ title, text, pages, of });
}

function titleOf({ info }: { info: object }): string {
  return "Title" in info && typeof info.Title === "string" ? info.Title : "";
}
