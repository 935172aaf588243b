// The tab's title, kept against the framework, which may set the page's own one later.
"use client";

import { useEffect } from "react";

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    const set = () => {
      if (document.title !== title) document.title = title;
    };
    set();
    const observer = new MutationObserver(set);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [title]);
}
