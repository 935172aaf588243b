// What a person wrote, as it is; the beginning of it when it is long.
"use client";

import { memo } from "react";
import { visibleProse } from "../../../../lib/visible-text.ts";
import type { TextPiece } from "../../../components/text-pieces.ts";
import { MoreText } from "./more-text.tsx";
import { useLongText } from "./use-long-text.ts";

const FIRST = { lines: 40, characters: 5_000 };

/** `name` is unique within the item. */
export function ProseText({ name, text }: { name: string; text: string }) {
  const { pieces, found, shown, showMore } = useLongText(`${name} shown`, text, FIRST);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      {/* One line of text over two pieces stays one line. */}
      <p className="whitespace-pre-wrap wrap-anywhere">
        {pieces.map((piece) => (
          <ProsePiece key={piece.start} text={text} piece={piece} />
        ))}
      </p>
      {found && (
        <>
          <p className="text-[13px] text-muted">…</p>
          <p className="whitespace-pre-wrap wrap-anywhere">
            <ProsePiece text={text} piece={found} />
          </p>
        </>
      )}
      <MoreText text={text} shown={shown} onMore={showMore} fileName="message.txt" />
    </div>
  );
}

const ProsePiece = memo(function ProsePiece({ text, piece }: { text: string; piece: TextPiece }) {
  return visibleProse(text.slice(piece.start, piece.end));
});
