// What a call writes into a file, as a diff.
"use client";

import { visibleExactly } from "../../../../lib/visible-text.ts";
import { CopyButton } from "../../../components/copy-button.tsx";
import { DiffView } from "../../../components/diff-view.tsx";

type CallDiffProps = { path: string; before: string; after: string; everywhere: boolean };

export function CallDiff({ path, before, after, everywhere }: CallDiffProps) {
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-1">
      <div className="flex items-center gap-2 text-[13px] text-muted">
        <span className="mr-auto min-w-0 font-mono wrap-anywhere">
          {visibleExactly(path)}
          {everywhere && <span className="font-sans"> · every occurrence</span>}
        </span>
        <CopyButton text={after} label="Copy the new text" />
      </div>
      <DiffView before={before} after={after} className="max-h-[32rem]" />
    </div>
  );
}
