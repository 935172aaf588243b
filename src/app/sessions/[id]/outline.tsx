// What was asked, in order, beside a long conversation; a click goes there.
"use client";

import { memo, useMemo } from "react";
import { visibleProse } from "../../../lib/visible-text.ts";
import { RowList } from "../../components/row-list.tsx";
import type { Turn, UserMessageItem } from "./session-view.ts";

const MIN_ENTRIES = 4;
const ENTRY_PX = 24;

type OutlineProps = { turns: readonly Turn[]; onJump: (id: string) => void };

export const Outline = memo(function Outline({ turns, onJump }: OutlineProps) {
  const asked = useMemo(
    () => turns.flatMap((turn) => turn.items.filter((item) => item.kind === "user_message")),
    [turns],
  );
  if (asked.length < MIN_ENTRIES) return null;
  return (
    <nav
      aria-label="Outline"
      className="absolute top-12 right-3 hidden max-h-[calc(100%-6rem)] w-48 flex-col border-l border-line text-[13px] @min-[1180px]/timeline:flex"
    >
      <RowList
        rows={asked}
        keyOf={keyOf}
        estimatePx={() => ENTRY_PX}
        draw={(item) => (
          <button
            type="button"
            className="block w-full truncate px-2 py-0.5 text-left text-muted hover:bg-sunken hover:text-text"
            onClick={() => onJump(item.id)}
          >
            {firstLine(item)}
          </button>
        )}
        list={{ role: "list", "aria-label": "Messages", className: "relative" }}
      />
    </nav>
  );
});

const keyOf = (item: UserMessageItem) => item.id;

function firstLine({ content }: UserMessageItem): string {
  const text = content
    .find((block) => block.type === "text")
    ?.text.slice(0, 1_000)
    .trim()
    .split("\n")[0];
  return text ? visibleProse(text.slice(0, 120)) : "(attachment)";
}
