// Text of a machine, as it is: nothing invisible, in its colours when it has some, a piece at a time when it is long.
"use client";

import { useMemo } from "react";
import { looksAfter } from "../../../components/ansi-looks.ts";
import { CopyButton } from "../../../components/copy-button.tsx";
import { formatCount } from "../../../components/format.ts";
import { WrapText } from "../../../components/icons/icons.tsx";
import { countLines } from "../../../components/text-pieces.ts";
import { Button } from "../../../components/ui/button.tsx";
import { useKept } from "../use-kept.ts";
import { MoreText } from "./more-text.tsx";
import { TextPieceView } from "./text-piece-view.tsx";
import { useLongText } from "./use-long-text.ts";

const FIRST = { lines: 60, characters: 12_000 };

/** `name` is unique within the item, and is the label where there is one such text only. */
type OutputTextProps = { name?: string; label: string; text: string; copyLabel: string; isOutput?: boolean };

export function OutputText({ label, name = label, text, copyLabel, isOutput = false }: OutputTextProps) {
  const [wraps, setWraps] = useKept(`${name} wraps`, true);
  const { pieces, found, shown, showMore } = useLongText(`${name} shown`, text, FIRST);
  const looks = useMemo(() => {
    let last = "";
    return pieces.map(({ start, end }) => {
      const before = last;
      if (isOutput) last = looksAfter(last, text.slice(start, end));
      return before;
    });
  }, [pieces, text, isOutput]);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <div className="flex items-center gap-1 text-[13px] text-muted">
        <span className="mr-auto min-w-0 wrap-anywhere">{label}</span>
        <Button
          look="quiet"
          size="small"
          aria-pressed={wraps}
          aria-label="Wrap long lines"
          title="Wrap long lines"
          onClick={() => setWraps(!wraps)}
        >
          <WrapText aria-hidden />
        </Button>
        <CopyButton text={text} label={copyLabel} />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        dir="ltr"
        className={`max-h-[32rem] overflow-auto rounded bg-sunken p-2 font-mono text-[13px] leading-snug ${wraps ? "whitespace-pre-wrap wrap-anywhere" : ""}`}
      >
        {text === "" && <span className="text-muted">(empty)</span>}
        {pieces.map((piece, index) => (
          <TextPieceView key={piece.start} text={text} piece={piece} isOutput={isOutput} looks={looks[index] ?? ""} />
        ))}
        {found && (
          <>
            {found.start > shown && <LeftOut text={text} from={shown} to={found.start} />}
            <TextPieceView text={text} piece={found} isOutput={isOutput} looks="" />
          </>
        )}
      </pre>
      <MoreText
        text={text}
        shown={shown}
        onMore={showMore}
        fileName={`${label.toLowerCase().replaceAll(/\W+/g, "-")}.txt`}
      />
    </div>
  );
}

function LeftOut({ text, from, to }: { text: string; from: number; to: number }) {
  const lines = useMemo(() => countLines(text.slice(from, to), 0), [text, from, to]);
  return (
    <span className="block py-1 font-sans text-muted select-none">
      … {lines > 1 ? `${lines.toLocaleString()} lines` : `${formatCount(Math.max(0, to - from))} characters`} left out …
    </span>
  );
}
