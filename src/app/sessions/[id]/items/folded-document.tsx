// A document within a message or a result: its name, and its text when it is opened.
"use client";

import { visibleExactly } from "../../../../lib/visible-text.ts";
import { formatBytes } from "../../../components/format.ts";
import { ChevronRight, FileText } from "../../../components/icons/icons.tsx";
import { useKept } from "../use-kept.ts";
import { OutputText } from "./output-text.tsx";
import { useFoundWords } from "./use-long-text.ts";

/** `name` is unique within the item. */
export function FoldedDocument({ name, title, text }: { name: string; title: string; text: string }) {
  const [byHand, setByHand] = useKept<boolean | null>(`${name} open`, null);
  const words = useFoundWords();
  const open = byHand ?? (words !== null && text.toLowerCase().includes(words.trim().toLowerCase()));
  const shown = visibleExactly(title);
  return (
    <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] gap-2">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setByHand(!open)}
        className="flex min-w-0 items-center gap-2 rounded text-left text-muted hover:text-text max-md:min-h-[44px]"
      >
        <ChevronRight aria-hidden className={`size-3.5 shrink-0 ${open ? "rotate-90" : ""}`} />
        <FileText aria-hidden className="size-4 shrink-0" />
        <bdi className="min-w-0 wrap-anywhere">{shown}</bdi>
        <span className="shrink-0 text-[13px] tabular-nums">{formatBytes(new Blob([text]).size)}</span>
      </button>
      {open && <OutputText name={name} label={shown} text={text} copyLabel="Copy document" />}
    </div>
  );
}
