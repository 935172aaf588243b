// The tab's title, kept against the framework, which may set the page's own one later.
"use client";

import { useEffect } from "react";
import { visibleName } from "../../lib/visible-text.ts";

/** Null leaves it alone. What reorders or hides is named, as it is on the page. */
export function useDocumentTitle(title: string | null): void {
  useEffect(() => {
    if (title !== null) return keepTitle(() => visibleName(title));
  }, [title]);
}

/** Puts "(2) " before the page's own title; zero takes it away. */
export function useTitleCount(count: number): void {
  useEffect(() => {
    if (count === 0) return;
    const letGo = keepTitle((title) => `(${count}) ${withoutCount(title)}`);
    return () => {
      letGo();
      document.title = withoutCount(document.title);
    };
  }, [count]);
}

function withoutCount(title: string): string {
  return title.replace(/^\(\d+\) /, "");
}

function keepTitle(wanted: (title: string) => string): () => void {
  const set = () => {
    const title = wanted(document.title);
    if (document.title !== title) document.title = title;
  };
  set();
  const observer = new MutationObserver(set);
  observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  return () => observer.disconnect();
}
