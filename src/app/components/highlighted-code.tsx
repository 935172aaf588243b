// Code in its colours, once they are known; plain until then.
"use client";

import { useEffect, useState } from "react";
import { loadPart } from "../live/load-part.ts";
import type { CodeToken } from "./highlight.ts";

/** Longer code stays plain: colours are not worth a pause. */
const MAX_LENGTH = 20_000;
/** While an agent writes, colours come when it pauses. */
const PAUSE_MS = 120;

type HighlightedCodeProps = { code: string; language: string };

export function HighlightedCode({ code, language }: HighlightedCodeProps) {
  const [known, setKnown] = useState<{ code: string; tokens: CodeToken[] } | null>(null);
  useEffect(() => {
    if (code.length > MAX_LENGTH) return;
    let current = true;
    const timer = setTimeout(async () => {
      const { highlight } = await loadPart(() => import("./highlight.ts"));
      const tokens = await highlight(code, language);
      if (current && tokens) setKnown({ code, tokens });
    }, PAUSE_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [code, language]);
  // What was written since then follows without colours.
  if (!known || !code.startsWith(known.code)) return code;
  return (
    <>
      {known.tokens.map(({ text, style }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: tokens are replaced together
        <span key={index} className="code-token" style={style}>
          {text}
        </span>
      ))}
      {code.slice(known.code.length)}
    </>
  );
}
