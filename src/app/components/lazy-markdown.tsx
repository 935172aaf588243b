// Markdown whose library is loaded beside the page, not before it; the text is there meanwhile.
"use client";

import { lazy, Suspense } from "react";
import { visibleProse } from "../../lib/visible-text.ts";

const load = () => import("./markdown.tsx").then(({ Markdown }) => ({ default: Markdown }));
const Markdown = lazy(load);
// Begun at once: it is there before the first message mostly. On a failure the first message tries again and shows it.
if (typeof window !== "undefined") load().catch(() => null);

export function LazyMarkdown({ text, growing }: { text: string; growing: boolean }) {
  return (
    <Suspense fallback={<p className="whitespace-pre-wrap wrap-anywhere">{visibleProse(text)}</p>}>
      <Markdown text={text} growing={growing} />
    </Suspense>
  );
}
