// An edit as a diff, every character that cannot be seen named.
"use client";

import { useMemo, useState } from "react";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { CopyButton } from "../../../components/copy-button.tsx";
import { Button } from "../../../components/ui/button.tsx";
import { diffRows } from "../diff-rows.ts";

const MAX_ROWS = 120;
const looks = { "+": "bg-good-soft", "-": "bg-danger-soft", " ": "" };
/** Said to those who do not see the colours. */
const words = { "+": "added", "-": "removed", " ": "" };

type DiffViewProps = { path: string; before: string; after: string; everywhere: boolean };

export function DiffView({ path, before, after, everywhere }: DiffViewProps) {
  const [whole, setWhole] = useState(false);
  const rows = useMemo(() => diffRows(before, after), [before, after]);
  const shown = whole ? rows : rows.slice(0, MAX_ROWS);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <div className="flex items-center gap-2 text-[13px] text-muted">
        <span className="mr-auto min-w-0 font-mono wrap-anywhere">
          {visibleExactly(path)}
          {everywhere && <span className="font-sans"> · every occurrence</span>}
        </span>
        <CopyButton text={after} label="Copy the new text" />
      </div>
      <pre
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        dir="ltr"
        className="max-h-[32rem] overflow-auto rounded bg-sunken py-1 font-mono text-[13px] leading-snug"
      >
        {shown.map((row, index) =>
          row.sign === "gap" ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a finished diff never move
            <span key={index} className="block px-2 text-muted">
              … {row.lines} unchanged lines
            </span>
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a finished diff never move
            <span key={index} className={`block px-2 whitespace-pre-wrap wrap-anywhere ${looks[row.sign]}`}>
              <span aria-hidden className="mr-2 text-muted select-none">
                {row.sign}
              </span>
              {words[row.sign] && <span className="sr-only">{words[row.sign]}: </span>}
              {visibleExactly(row.text)}
            </span>
          ),
        )}
        {rows.length === 0 && <span className="px-2 text-muted">(empty)</span>}
      </pre>
      {shown.length < rows.length && (
        <Button size="small" className="justify-self-start" onClick={() => setWhole(true)}>
          Show all ({rows.length - shown.length} more lines)
        </Button>
      )}
    </div>
  );
}
