// Below a text that is drawn in part: how much is left, more of it, and all of it as a file.
"use client";

import { useMemo } from "react";
import { formatCount } from "../../../components/format.ts";
import { Download } from "../../../components/icons/icons.tsx";
import { saveText } from "../../../components/save-text.ts";
import { countLines } from "../../../components/text-pieces.ts";
import { Button } from "../../../components/ui/button.tsx";

type MoreTextProps = {
  text: string;
  shown: number;
  onMore: () => void;
  fileName: string;
};

/** Draws nothing when all is shown. */
export function MoreText({ text, shown, onMore, fileName }: MoreTextProps) {
  const lines = useMemo(() => countLines(text, shown), [text, shown]);
  if (shown >= text.length) return null;
  const characters = `${formatCount(text.length - shown)} characters`;
  return (
    <div className="flex flex-wrap items-center gap-2">
      <Button size="small" onClick={onMore}>
        Show more ({lines > 1 ? `${lines.toLocaleString()} lines, ` : ""}
        {characters} left)
      </Button>
      <Button size="small" look="quiet" onClick={() => saveText(fileName, text, "text/plain")}>
        <Download aria-hidden /> Download all
      </Button>
    </div>
  );
}
