// A list of any length, of which only the rows near the screen are drawn. It stays at its end while the reader is there.
"use client";

import {
  type ComponentProps,
  type FocusEvent,
  type KeyboardEvent,
  type ReactNode,
  type Ref,
  useEffect,
  useEffectEvent,
  useImperativeHandle,
  useMemo,
  useRef,
  useState,
} from "react";
import { type RowListHandle, useVirtualRows } from "./use-virtual-rows.ts";

type RowListProps<Row> = {
  rows: readonly Row[];
  /** The same function each time. */
  keyOf: (row: Row) => string;
  /** How high a row is likely to be. */
  estimatePx: (row: Row) => number;
  draw: (row: Row) => ReactNode;
  /** Key of a row that is drawn wherever the reader is. */
  kept?: string | null;
  handle?: Ref<RowListHandle>;
  onAtEnd?: (atEnd: boolean) => void;
  gapPx?: number;
  paddingPx?: number;
  /** Of the element around all rows. With the role `list` each row tells its place. */
  list: ComponentProps<"div">;
  rowClass?: string;
};

export function RowList<Row>(props: RowListProps<Row>) {
  const { rows, keyOf, estimatePx, draw, kept = null, handle: ref, onAtEnd, list, rowClass = "" } = props;
  const scroller = useRef<HTMLDivElement>(null);
  /** It stays drawn, or the focus would be lost with it. */
  const [focused, setFocused] = useState<string | null>(null);
  const { virtualizer, atEnd, handle } = useVirtualRows(scroller, {
    rows,
    keyOf,
    estimatePx,
    gapPx: props.gapPx ?? 0,
    paddingPx: props.paddingPx ?? 0,
    kept: useMemo(() => [kept, focused].filter((key) => key !== null), [kept, focused]),
  });
  useImperativeHandle(ref, () => handle, [handle]);
  const tellAtEnd = useEffectEvent((now: boolean) => onAtEnd?.(now));
  useEffect(() => tellAtEnd(atEnd), [atEnd]);
  const rowAround = (element: Element): string | null => {
    const index = element.closest<HTMLElement>("[data-index]")?.dataset.index;
    const row = index === undefined ? undefined : rows[Number(index)];
    return row === undefined ? null : keyOf(row);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys that scroll belong to what scrolls
    <div
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
      tabIndex={0}
      className="@container/list min-h-0 flex-1 overflow-y-auto overscroll-contain [overflow-anchor:none]"
      onKeyDown={(event) => {
        if (!goesToEdge(event)) return;
        event.preventDefault();
        if (event.key === "End") handle.goToEnd();
        else handle.goToStart();
      }}
      onFocus={(event: FocusEvent) => setFocused(rowAround(event.target))}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) setFocused(null);
      }}
    >
      <div {...list} ref={virtualizer.containerRef}>
        {virtualizer.getVirtualItems().map(({ key, index }) => (
          <div
            key={key}
            ref={virtualizer.measureElement}
            data-index={index}
            {...(list.role === "list"
              ? { role: "listitem", "aria-posinset": index + 1, "aria-setsize": rows.length }
              : {})}
            className={`absolute inset-x-0 ${rowClass}`}
          >
            {draw(rows[index] as Row)}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Home and End, where the browser would scroll the region by them: it knows only where the end is now. */
function goesToEdge(event: KeyboardEvent<HTMLElement>): boolean {
  if (event.key !== "Home" && event.key !== "End") return false;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return false;
  const target = event.target as Element;
  return target === event.currentTarget || target.matches("button, a");
}
