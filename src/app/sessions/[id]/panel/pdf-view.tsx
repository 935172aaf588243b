// A PDF, page by page, each drawn when it comes into sight.
"use client";

import { useEffect, useRef, useState } from "react";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { FailureNote } from "../../../components/failure-note.tsx";
import { ListSkeleton } from "../../../components/list-skeleton.tsx";
import { type OpenedPdf, openPdf } from "./open-pdf.ts";

const MAX_PAGES = 200;

export function PdfView({ bytes }: { bytes: Uint8Array }) {
  const [pdf, setPdf] = useState<OpenedPdf | null>(null);
  const [error, setError] = useState<unknown>(null);
  useEffect(() => {
    let left = false;
    let opened: OpenedPdf | null = null;
    openPdf(bytes).then(
      (now) => {
        opened = now;
        if (left) now.close();
        else setPdf(now);
      },
      (cause: unknown) => setError(new Error("This PDF cannot be shown. Download it.", { cause })),
    );
    return () => {
      left = true;
      opened?.close();
    };
  }, [bytes]);
  if (error) return <FailureNote error={error} />;
  if (!pdf) return <ListSkeleton label="Reading the PDF" />;
  const shown = Math.min(pdf.pageCount, MAX_PAGES);
  return (
    <div className="grid gap-3 p-3">
      {Array.from({ length: shown }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pages are known by their number
        <PdfPage key={index} pdf={pdf} pageNumber={index + 1} />
      ))}
      {shown < pdf.pageCount && (
        <p className="text-muted">
          The first {shown} of {pdf.pageCount} pages. Download the file for all.
        </p>
      )}
    </div>
  );
}

function PdfPage({ pdf, pageNumber }: { pdf: OpenedPdf; pageNumber: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [text, setText] = useState<string | null>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    const place = canvas.current;
    if (!place) return;
    const watch = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        watch.disconnect();
        pdf.draw(pageNumber, place, place.clientWidth).then(setText, () => setFailed(true));
      },
      { rootMargin: "400px" },
    );
    watch.observe(place);
    return () => watch.disconnect();
  }, [pdf, pageNumber]);
  return (
    <figure aria-label={`Page ${pageNumber} of ${pdf.pageCount}`}>
      <canvas ref={canvas} aria-hidden className="min-h-32 w-full rounded border border-line" />
      <figcaption className={failed ? "text-danger" : "sr-only"}>
        {failed ? `Page ${pageNumber} cannot be drawn.` : visibleExactly(text ?? "")}
      </figcaption>
    </figure>
  );
}
