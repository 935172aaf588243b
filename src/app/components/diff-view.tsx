// Two texts, one under the other where they differ, every character that cannot be seen named.
"use client";

import { useMemo, useState } from "react";
import { visibleExactly } from "../../lib/visible-text.ts";
import { classNames } from "./class-names.ts";
import { type DiffRow, diffRows } from "./diff-rows.ts";
import { Button } from "./ui/button.tsx";

/** At first; and with each press of "Show more". */
const FIRST_ROWS = 120;
const STEP_ROWS = 1_000;
/** Of one line, until somebody asks for all of it. */
const MAX_CHARACTERS = 2_000;
const looks = { "+": "bg-good-soft", "-": "bg-danger-soft", " ": "" };
const marks = { "+": "+", "-": "−", " ": " " };
/** Said to those who do not see the colours. */
const words = { "+": "added", "-": "removed", " ": "" };

type DiffViewProps = {
  before: string;
  after: string;
  className?: string;
};

export function DiffView({ before, after, className }: DiffViewProps) {
  const rows = useMemo(() => diffRows(before, after), [before, after]);
  const [most, setMost] = useState(FIRST_ROWS);
  if (before === after) return <p className="text-muted">{before === "" ? "Nothing in it." : "Nothing differs."}</p>;
  const left = rows.length - most;
  return (
    <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-1">
      <ol
        aria-label="Differences"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        dir="ltr"
        className={classNames("overflow-auto rounded bg-sunken py-1 font-mono text-[13px] leading-snug", className)}
      >
        {rows.slice(0, most).map((row, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows of a finished diff never move
          <RowView key={index} row={row} />
        ))}
      </ol>
      {left > 0 && (
        <Button size="small" className="justify-self-start" onClick={() => setMost(most + STEP_ROWS)}>
          Show more ({left.toLocaleString()} lines left)
        </Button>
      )}
    </div>
  );
}

function RowView({ row }: { row: DiffRow }) {
  const [whole, setWhole] = useState(false);
  if (row.sign === "gap") {
    return (
      <li className="px-2 text-muted">
        … {row.lines === 1 ? "one unchanged line" : `${row.lines.toLocaleString()} unchanged lines`}
      </li>
    );
  }
  const { sign, text } = row;
  const shown = whole ? text.length : Math.min(text.length, MAX_CHARACTERS);
  return (
    <li className={`flex gap-2 px-2 whitespace-pre-wrap ${looks[sign]}`}>
      <span aria-hidden className="w-2 shrink-0 text-muted select-none">
        {marks[sign]}
      </span>
      <span className="min-w-0 wrap-anywhere">
        {words[sign] && <span className="sr-only">{words[sign]}: </span>}
        {visibleExactly(text.slice(0, shown))}
        {shown < text.length && (
          <Button size="small" className="ml-2 font-sans select-none" onClick={() => setWhole(true)}>
            Show the whole line ({(text.length - shown).toLocaleString()} more characters)
          </Button>
        )}
      </span>
    </li>
  );
}
