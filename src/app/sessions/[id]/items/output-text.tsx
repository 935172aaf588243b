// Text of a machine, as it is: nothing invisible, in its colours when it has some, cut when it is long.
"use client";

import { lazy, Suspense, useMemo, useState } from "react";
import { visibleExactly, visibleOutput } from "../../../../lib/visible-text.ts";
import { CopyButton } from "../../../components/copy-button.tsx";
import { WrapText } from "../../../components/icons/icons.tsx";
import { Button } from "../../../components/ui/button.tsx";

const AnsiText = lazy(() =>
  import("../../../components/ansi-text.tsx").then(({ AnsiText }) => ({ default: AnsiText })),
);

/** Colours and weights of a terminal; the rest of its language is dropped anyway. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with a control character
const HAS_ANSI_LOOKS = /\u001b\[[0-9;]*[1-9][0-9;]*m/;
const MAX_LINES = 60;
const MAX_CHARACTERS = 12_000;

type OutputTextProps = { label: string; text: string; copyLabel: string; isOutput?: boolean };

export function OutputText({ label, text, copyLabel, isOutput = false }: OutputTextProps) {
  const [whole, setWhole] = useState(false);
  const [wraps, setWraps] = useState(true);
  const visible = useMemo(() => (isOutput ? visibleOutput(text) : visibleExactly(text)), [text, isOutput]);
  const shown = whole ? visible : firstPart(visible);
  const hiddenLines = shown.length < visible.length ? visible.slice(shown.length).split("\n").length : 0;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <div className="flex items-center gap-1 text-[13px] text-muted">
        <span className="mr-auto">{label}</span>
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
        {shown === "" ? <span className="text-muted">(empty)</span> : null}
        {isOutput && HAS_ANSI_LOOKS.test(text) ? (
          <Suspense fallback={shown}>
            <AnsiText text={text} length={shown.length} />
          </Suspense>
        ) : (
          shown
        )}
      </pre>
      {hiddenLines > 0 && (
        <Button size="small" className="justify-self-start" onClick={() => setWhole(true)}>
          Show all ({hiddenLines} more {hiddenLines === 1 ? "line" : "lines"})
        </Button>
      )}
    </div>
  );
}

function firstPart(text: string): string {
  let end = -1;
  for (let line = 0; line < MAX_LINES; line++) {
    end = text.indexOf("\n", end + 1);
    if (end === -1) break;
  }
  return text.slice(0, Math.min(end === -1 ? text.length : end, MAX_CHARACTERS));
}
