// Which rows of a long list are drawn, and where the reader is in it: at its end, while it grows, or somewhere that stays.
"use client";

import { defaultRangeExtractor, type Range, useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useCallback, useEffect, useEffectEvent, useLayoutEffect, useMemo } from "react";
import { NEAR_END_PX, useAtEnd } from "./use-at-end.ts";

export type RowListHandle = {
  goToEnd: () => void;
  goToStart: () => void;
  /** Scrolls to a row and leaves the end. */
  show: (index: number) => void;
  /** What scrolls. */
  region: () => HTMLElement | null;
};

type VirtualRowsOptions<Row> = {
  rows: readonly Row[];
  /** The same function each time. */
  keyOf: (row: Row) => string;
  /** How high a row is likely to be. */
  estimatePx: (row: Row) => number;
  gapPx: number;
  paddingPx: number;
  /** Keys of rows that are drawn wherever the reader is. */
  kept: readonly string[];
};

/** Rows beyond the screen, on both sides, that are drawn and measured before they are seen. */
const OVERSCAN = 8;
/** Further than any list is long: the browser stops at the end. */
const BEYOND_PX = 100_000_000;

export function useVirtualRows<Row>(scroller: RefObject<HTMLDivElement | null>, options: VirtualRowsOptions<Row>) {
  const { rows, keyOf, estimatePx, gapPx, paddingPx, kept } = options;
  const { atEnd, stay, leave } = useAtEnd(scroller);
  const always = kept
    .map((key) => rows.findIndex((row) => keyOf(row) === key))
    .filter((index) => index !== -1)
    .join();
  const virtualizer = useVirtualizer<HTMLDivElement, HTMLDivElement>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    getItemKey: useCallback((index: number) => keyOf(rows[index] as Row), [rows, keyOf]),
    estimateSize: (index) => estimatePx(rows[index] as Row),
    rangeExtractor: useCallback((range: Range) => withAlways(range, always), [always]),
    overscan: OVERSCAN,
    gap: gapPx,
    paddingStart: paddingPx,
    paddingEnd: paddingPx,
    scrollPaddingStart: paddingPx,
    // Begins at the end.
    initialOffset: BEYOND_PX,
    initialRect: { width: 0, height: 1_000 },
    anchorTo: atEnd ? "end" : "start",
    followOnAppend: atEnd,
    scrollEndThreshold: NEAR_END_PX,
    // Positions are written when a row's height is known, before anything is painted.
    directDomUpdates: true,
    directDomUpdatesMode: "position",
  });
  // What grows above the screen must not move what is read; what grows at the reader's own place grows downwards.
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = (row, _delta, { itemSizeCache, scrollOffset }) =>
    (itemSizeCache.has(row.key) ? row.end : row.start + 1) <= (scrollOffset ?? 0);

  const stick = useEffectEvent(() => {
    const region = scroller.current;
    if (atEnd && region && region.scrollHeight - region.scrollTop - region.clientHeight > 1) virtualizer.scrollToEnd();
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: new rows are what moves the end
  useLayoutEffect(() => stick(), [rows]);
  useEffect(() => {
    const region = scroller.current;
    if (!region) return;
    const observer = new ResizeObserver(() => stick());
    observer.observe(region);
    return () => observer.disconnect();
  }, [scroller]);

  const handle = useMemo<RowListHandle>(
    () => ({
      goToEnd() {
        stay();
        virtualizer.scrollToEnd();
      },
      goToStart() {
        leave();
        virtualizer.scrollToOffset(0);
      },
      show(index) {
        leave();
        virtualizer.scrollToIndex(index, { align: "center" });
        // Known once it is drawn: of what is higher than the screen the beginning is shown.
        afterDrawing(() => {
          const size = virtualizer.measurementsCache[index]?.size ?? 0;
          if (size > (scroller.current?.clientHeight ?? 0)) virtualizer.scrollToIndex(index, { align: "start" });
        });
      },
      region: () => scroller.current,
    }),
    [stay, leave, virtualizer, scroller],
  );
  return { virtualizer, atEnd, handle };
}

function withAlways(range: Range, always: string): number[] {
  const near = defaultRangeExtractor(range);
  const far = always === "" ? [] : always.split(",").map(Number);
  return [...new Set([...near, ...far])].sort((a, b) => a - b);
}

function afterDrawing(act: () => void): void {
  requestAnimationFrame(() => requestAnimationFrame(act));
}
