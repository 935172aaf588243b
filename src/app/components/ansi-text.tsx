// Output of a terminal in its colours.
import { useMemo } from "react";
import { ansiRuns } from "./ansi-runs.ts";

export function AnsiText({ text, length }: { text: string; length: number }) {
  const runs = useMemo(() => ansiRuns(text, length), [text, length]);
  return runs.map((run, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: runs of a finished text never move
    <span key={index} className={run.style}>
      {run.text}
    </span>
  ));
}
