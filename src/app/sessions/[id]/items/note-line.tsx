// Something that happened to the session, in small print.
import { visibleExactly } from "../../../../lib/visible-text.ts";
import type { NoteItem } from "../session-view.ts";

export function NoteLine({ item }: { item: NoteItem }) {
  return (
    <p className="flex items-center gap-3 text-[13px] text-muted before:h-px before:flex-1 before:bg-line after:h-px after:flex-1 after:bg-line">
      <span className="min-w-0 wrap-anywhere text-center">{visibleExactly(item.text)}</span>
    </p>
  );
}
