// What the browser prints of a session: the whole conversation, not the part of it that is on the screen.
"use client";

import { type ComponentType, useEffect, useState } from "react";
import { createPortal, flushSync } from "react-dom";
import { loadPart } from "../../../live/load-part.ts";
import type { Transcript } from "./transcript.ts";

/** Longer outputs are cut on paper. */
const MAX_LINES = 300;
type Paper = ComponentType<{ transcript: Transcript; maxLines: number }>;
/** Known before it is needed: between the wish to print and the printing there is no time to load anything. */
let paper: Paper | null = null;

async function loadPaper(): Promise<void> {
  paper ??= (await import("./transcript-view.tsx")).TranscriptView;
}

export async function printTranscript(): Promise<void> {
  await loadPart(loadPaper);
  window.print();
}

/** `write` is called when somebody prints. `ready`: the page itself has been loaded, so there is time for this. */
export function PrintTranscript({ write, ready }: { write: () => Transcript; ready: boolean }) {
  const printing = usePrinting();
  useEffect(() => {
    // Without it the page says so on paper; the menu tries again.
    if (ready) loadPaper().catch(() => null);
  }, [ready]);
  if (!printing) return null;
  const Transcript = paper;
  return createPortal(
    <div className="paper">
      {Transcript ? (
        <Transcript transcript={write()} maxLines={MAX_LINES} />
      ) : (
        <p>The conversation was still loading. Close this and print again.</p>
      )}
    </div>,
    document.body,
  );
}

function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    // The page has to be drawn when the event is over.
    const begin = () => flushSync(() => setPrinting(true));
    const end = () => setPrinting(false);
    const paged = window.matchMedia("print");
    const change = () => (paged.matches ? begin() : end());
    window.addEventListener("beforeprint", begin);
    window.addEventListener("afterprint", end);
    paged.addEventListener("change", change);
    return () => {
      window.removeEventListener("beforeprint", begin);
      window.removeEventListener("afterprint", end);
      paged.removeEventListener("change", change);
    };
  }, []);
  return printing;
}
