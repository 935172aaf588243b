// How much of a long text is drawn: its beginning, more with each step, and the place that a search has led to.
"use client";

import { use, useMemo } from "react";
import {
  endOfPiece,
  nextStep,
  type PieceLimit,
  pieceAround,
  type TextPiece,
  toPieces,
} from "../../../components/text-pieces.ts";
import { findWords, toWordsPattern } from "../find-words.ts";
import { ItemContext, TimelineContext } from "../timeline-actions.ts";
import { useKept } from "../use-kept.ts";

/** With each press of "Show more". */
const STEP: PieceLimit = { lines: 2_000, characters: 100_000 };

type LongText = {
  pieces: readonly TextPiece[];
  /** What was found further on, when something was looked for. */
  found: TextPiece | null;
  /** How many characters are drawn from the beginning. */
  shown: number;
  showMore: () => void;
};

/** `name` is unique within the item. */
export function useLongText(name: string, text: string, first: PieceLimit): LongText {
  const { lines, characters } = first;
  const firstEnd = useMemo(() => endOfPiece(text, 0, { lines, characters }), [text, lines, characters]);
  const [reached, setReached] = useKept(name, 0);
  const shown = Math.min(text.length, Math.max(firstEnd, reached));
  const pieces = useMemo(() => toPieces(text, firstEnd, shown), [text, firstEnd, shown]);
  const words = useFoundWords();
  const found = useMemo(() => {
    const pattern = words === null ? null : toWordsPattern(words);
    const at = pattern ? findWords(text, pattern) : -1;
    if (at < shown) return null;
    const around = pieceAround(text, at);
    // What is drawn already is not drawn twice.
    return around.start > shown ? around : { start: shown, end: around.end, goesOn: text[shown - 1] !== "\n" };
  }, [text, words, shown]);
  return { pieces, found, shown, showMore: () => setReached(nextStep(text, shown, STEP)) };
}

/** What a search that led to this item looks for; null otherwise. */
export function useFoundWords(): string | null {
  const shown = use(TimelineContext)?.shown;
  const itemId = use(ItemContext);
  return shown && shown.itemId === itemId ? shown.words : null;
}
