// A piece of a machine's text. What is off the screen is not laid out.
import { memo, Suspense } from "react";
import { visibleExactly, visibleOutput } from "../../../../lib/visible-text.ts";
import { lazyPart } from "../../../components/lazy-part.tsx";
import type { TextPiece } from "../../../components/text-pieces.ts";

const { Part: AnsiText } = lazyPart(async () => (await import("../../../components/ansi-text.tsx")).AnsiText);

/** Colours and weights of a terminal; the rest of its language is dropped anyway. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const HAS_ANSI_LOOKS = /\u001b\[[0;]*[1-9][0-9;]*m/;

type TextPieceViewProps = {
  text: string;
  piece: TextPiece;
  isOutput: boolean;
  /** The sequences that are in force where the piece begins. */
  looks: string;
};

export const TextPieceView = memo(function TextPieceView({ text, piece, isOutput, looks }: TextPieceViewProps) {
  const part = text.slice(piece.start, piece.end);
  const visible = isOutput ? visibleOutput(part) : visibleExactly(part);
  // Each piece is a block of its own: the newline at its end would be a line too much.
  const shown = visible.endsWith("\n") ? visible.slice(0, -1) : visible;
  return (
    <span className="block [contain-intrinsic-size:auto_20rem] not-only:[content-visibility:auto]">
      {piece.goesOn && <span className="text-muted select-none">(the line goes on) </span>}
      {isOutput && (looks !== "" || HAS_ANSI_LOOKS.test(part)) ? (
        <Suspense fallback={shown}>
          <AnsiText text={looks + part} length={shown.length} />
        </Suspense>
      ) : shown === "" ? (
        " "
      ) : (
        shown
      )}
    </span>
  );
});
