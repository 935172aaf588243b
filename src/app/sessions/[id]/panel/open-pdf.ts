// Opens a PDF that an agent made. Nothing in it runs: no scripts, no forms, no links, nothing is fetched. Heavy: load it lazily.
import { AnnotationMode, getDocument, PDFWorker, VerbosityLevel } from "pdfjs-dist";

export type OpenedPdf = {
  pageCount: number;
  /** Draws a page as wide as `widthPx` on the screen, and answers its text. */
  draw: (pageNumber: number, canvas: HTMLCanvasElement, widthPx: number) => Promise<string>;
  close: () => void;
};

/** A page of a hostile size must not take the browser's memory. */
const MAX_CANVAS_PX = 16_000_000;

export async function openPdf(bytes: Uint8Array): Promise<OpenedPdf> {
  const port = new Worker(new URL("./pdf-worker.ts", import.meta.url), { type: "module", name: "berth-pdf" });
  const worker = PDFWorker.create({ port });
  const close = () => {
    worker.destroy();
    port.terminate();
  };
  // The reader takes what it is given away to its thread.
  const task = getDocument({
    data: bytes.slice(),
    worker,
    useWasm: false,
    enableXfa: false,
    stopAtErrors: false,
    verbosity: VerbosityLevel.ERRORS,
  });
  try {
    const document = await task.promise;
    return {
      pageCount: document.numPages,
      async draw(pageNumber, canvas, widthPx) {
        const page = await document.getPage(pageNumber);
        const natural = page.getViewport({ scale: 1 });
        const wanted = (widthPx * window.devicePixelRatio) / natural.width;
        const scale = Math.min(wanted, Math.sqrt(MAX_CANVAS_PX / (natural.width * natural.height)));
        const viewport = page.getViewport({ scale });
        canvas.width = Math.floor(viewport.width);
        canvas.height = Math.floor(viewport.height);
        await page.render({ canvas, viewport, annotationMode: AnnotationMode.DISABLE }).promise;
        const { items } = await page.getTextContent();
        return items.map((item) => ("str" in item ? item.str : "")).join(" ");
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
