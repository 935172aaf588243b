// What the agent says: markdown, a piece at a time when it is long.
"use client";

import { useEffect, useEffectEvent, useMemo } from "react";
import { LazyMarkdown } from "../../../components/lazy-markdown.tsx";
import { type MarkdownPiece, toMarkdownPieces } from "../../../components/markdown-pieces.ts";
import { findWords, toWordsPattern } from "../find-words.ts";
import type { AgentMessageItem } from "../session-view.ts";
import { useKept } from "../use-kept.ts";
import { MessageFoot } from "./message-foot.tsx";
import { MoreText } from "./more-text.tsx";
import { useFoundWords } from "./use-long-text.ts";

/** With each press of "Show more". */
const STEP_PIECES = 5;

export function AgentMessage({ item }: { item: AgentMessageItem }) {
  const { text } = item;
  const growing = item.state === "writing";
  const pieces = useMemo(() => toMarkdownPieces(text), [text]);
  const [reached, setReached] = useKept("pieces", 1);
  // What grew under somebody's eyes stays.
  const keep = useEffectEvent((count: number) => setReached(count));
  useEffect(() => {
    if (growing && pieces.length > 1) keep(pieces.length);
  }, [growing, pieces.length]);
  const count = growing ? pieces.length : Math.min(reached, pieces.length);
  const found = useFoundPiece(text, pieces);
  return (
    <div data-event={item.id} className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-1.5">
      {pieces.slice(0, count).map((piece, index) => (
        <LazyMarkdown key={piece.start} text={piece.text} growing={growing && index === pieces.length - 1} />
      ))}
      {found !== null && found >= count && (
        <>
          <p className="text-[13px] text-muted">…</p>
          <LazyMarkdown text={pieces[found]?.text ?? ""} growing={false} />
        </>
      )}
      {count < pieces.length && (
        <MoreText
          text={text}
          shown={pieces[count]?.start ?? text.length}
          onMore={() => setReached(count + STEP_PIECES)}
          fileName="message.md"
        />
      )}
      {item.state === "cut" && <p className="text-[13px] text-muted">This answer broke off here.</p>}
      {!growing && <MessageFoot at={item.at} text={text} />}
    </div>
  );
}

/** Index of the first piece that holds what a search looks for; null when none does. */
function useFoundPiece(text: string, pieces: readonly MarkdownPiece[]): number | null {
  const words = useFoundWords();
  return useMemo(() => {
    const pattern = words === null ? null : toWordsPattern(words);
    const at = pattern ? findWords(text, pattern) : -1;
    return at === -1 ? null : pieces.findLastIndex(({ start }) => start <= at);
  }, [text, words, pieces]);
}
