// Markdown whose library is loaded beside the page, not before it; the text is there meanwhile.
"use client";

import { memo, Suspense } from "react";
import { visibleProse } from "../../lib/visible-text.ts";
import { lazyPart } from "./lazy-part.tsx";

const { Part: Markdown, preload } = lazyPart(async () => (await import("./markdown.tsx")).Markdown);

/** Begun when the page has nothing better to do, so that it is there before a first answer. On a failure that answer tries again. */
export function preloadMarkdown(): void {
  whenIdle(preload);
}

function whenIdle(act: () => void): void {
  // Safari has no idle callbacks.
  if (window.requestIdleCallback === undefined) setTimeout(act, 1_000);
  else window.requestIdleCallback(act, { timeout: 2_000 });
}

export const LazyMarkdown = memo(function LazyMarkdown({ text, growing }: { text: string; growing: boolean }) {
  return (
    <Suspense fallback={<p className="whitespace-pre-wrap wrap-anywhere">{visibleProse(text)}</p>}>
      <Markdown text={text} growing={growing} />
    </Suspense>
  );
});
