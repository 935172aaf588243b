// Marks what a search looks for wherever it is drawn, and brings the first match of the item that it led to into view.
"use client";

import { type RefObject, useEffect, useEffectEvent } from "react";
import type { RowListHandle } from "../../components/use-virtual-rows.ts";
import { toWordsPattern } from "./find-words.ts";
import { rangesOf } from "./ranges-of.ts";
import { scrollToRange } from "./scroll-to-range.ts";
import type { Shown } from "./timeline-actions.ts";

/** The name that the style of the marks uses. */
const NAME = "search";
/** While much changes, marks follow this often. */
const PAUSE_MS = 100;

export function useMarkedWords(list: RefObject<RowListHandle | null>, shown: Shown | null): void {
  const words = shown?.words ?? null;
  const count = shown?.count ?? 0;
  const itemId = useEffectEvent(() => shown?.itemId ?? "");
  useEffect(() => {
    const region = list.current?.region();
    const pattern = words === null ? null : toWordsPattern(words);
    // Where the browser cannot mark, the item is outlined all the same.
    if (!region || !pattern || count === 0 || typeof Highlight === "undefined") return;
    let led = false;
    let pause: ReturnType<typeof setTimeout> | undefined;
    const mark = () => {
      pause = undefined;
      CSS.highlights.set(NAME, new Highlight(...rangesOf(region, pattern)));
      const item = led ? null : document.getElementById(itemId());
      const first = item && rangesOf(item, pattern)[0];
      if (!first) return;
      led = true;
      scrollToRange(first, region);
    };
    const markSoon = () => {
      pause ??= setTimeout(mark, PAUSE_MS);
    };
    const observer = new MutationObserver(markSoon);
    observer.observe(region, { childList: true, characterData: true, subtree: true });
    markSoon();
    return () => {
      observer.disconnect();
      clearTimeout(pause);
      CSS.highlights.delete(NAME);
    };
  }, [words, count, list]);
}
