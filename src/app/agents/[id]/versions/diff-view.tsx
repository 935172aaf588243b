// Two texts, one under the other where they differ: removed lines red with a minus, added ones green with a plus.
import { useMemo } from "react";
import { visibleExactly } from "../../../../lib/visible-text.ts";
import { classNames } from "../../../components/class-names.ts";
import { diffLines, withoutLongSameParts } from "./line-diff.ts";

const marks = { same: " ", added: "+", removed: "−" };
const inWords = { same: "", added: "added: ", removed: "removed: " };

export function DiffView({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => withoutLongSameParts(diffLines(before, after)), [before, after]);
  if (before === after) return <p className="text-muted">Nothing differs.</p>;
  return (
    <ol
      aria-label="Differences"
      className="overflow-x-auto rounded-md border border-line bg-panel py-1 font-mono text-[13px] leading-relaxed"
    >
      {lines.map((line, index) =>
        line.kind === "gap" ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a text have no other name than their place
          <li key={index} className="bg-sunken px-3 text-muted">
            {line.count === 1 ? "one line" : `${line.count} lines`} unchanged
          </li>
        ) : (
          <li
            // biome-ignore lint/suspicious/noArrayIndexKey: as above
            key={index}
            className={classNames(
              "flex gap-2 px-3 whitespace-pre-wrap",
              line.kind === "removed" && "bg-danger-soft text-danger",
              line.kind === "added" && "bg-good/10 text-good",
            )}
          >
            <span aria-hidden className="w-3 shrink-0 select-none">
              {marks[line.kind]}
            </span>
            <span className="min-w-0 wrap-anywhere">
              <span className="sr-only">{inWords[line.kind]}</span>
              {visibleExactly(line.text)}
            </span>
          </li>
        ),
      )}
    </ol>
  );
}
