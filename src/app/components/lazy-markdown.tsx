// Markdown whose library is loaded beside the page, not before it; the text is there meanwhile.
"use client";

import { lazy, memo, Suspense } from "react";
import { visibleProse } from "../../lib/visible-text.ts";

const load = () => import("./markdown.tsx").then(({ Markdown }) => ({ default: Markdown }));
const Markdown = lazy(load);

/** Begun when the page has nothing better to do, so that it is there before a first answer. On a failure that answer tries again and shows it. */
export function preloadMarkdown(): void {
  whenIdle(() => void load().catch(() => null));
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
