// Output of a command while it runs, in an open card: grows, stays at its end while the reader is there.
"use client";

import { Suspense, useLayoutEffect, useRef } from "react";
import { visibleOutput } from "../../../../lib/visible-text.ts";
import { lazyPart } from "../../../components/lazy-part.tsx";
import { leftOut, onScreen } from "../live-output.ts";
import type { LiveOutput } from "../session-view.ts";

const { Part: AnsiText } = lazyPart(async () => (await import("../../../components/ansi-text.tsx")).AnsiText);

const NEAR_PX = 24;

export function LiveOutputText({ output }: { output: LiveOutput }) {
  const scroller = useRef<HTMLPreElement>(null);
  const sticking = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each time that it has grown
  useLayoutEffect(() => {
    const region = scroller.current;
    if (region && sticking.current) region.scrollTop = region.scrollHeight;
  }, [output]);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <span className="text-[13px] text-muted">Output so far</span>
      <pre
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        dir="ltr"
        className="max-h-80 overflow-auto overscroll-contain rounded bg-sunken p-2 font-mono text-[13px] leading-snug whitespace-pre-wrap wrap-anywhere"
        onScroll={({ currentTarget }) => {
          const { scrollHeight, scrollTop, clientHeight } = currentTarget;
          sticking.current = scrollHeight - scrollTop - clientHeight <= NEAR_PX;
        }}
      >
        {output.parts.map(({ before, text }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts have no names, and what stands in a place may change
          <Part key={index} before={before} text={onScreen(text)} />
        ))}
      </pre>
    </div>
  );
}

function Part({ before, text }: { before: number; text: string }) {
  const visible = visibleOutput(text);
  return (
    <>
      {before > 0 && <span className="block text-muted">{leftOut(before)}</span>}
      {/* Always by way of the colours: a text that changes hands while it grows would flicker. */}
      <Suspense fallback={visible}>
        <AnsiText text={text} length={visible.length} />
      </Suspense>
    </>
  );
}
