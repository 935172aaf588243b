// What was asked, in order, beside a long conversation; a click goes there.
import { visibleProse } from "../../../lib/visible-text.ts";
import type { SessionView, UserMessageItem } from "./session-view.ts";

const MIN_ENTRIES = 4;
/** It is drawn with each change of the conversation, so it ends somewhere. */
const MAX_ENTRIES = 100;

export function Outline({ view, onJump }: { view: SessionView; onJump: (id: string) => void }) {
  const asked = view.turns.flatMap((turn) =>
    turn.items.filter((item): item is UserMessageItem => item.kind === "user_message"),
  );
  if (asked.length < MIN_ENTRIES) return null;
  return (
    <nav
      aria-label="Outline"
      className="absolute top-12 right-3 hidden max-h-[calc(100%-6rem)] w-48 overflow-y-auto min-[1440px]:block"
    >
      <ol className="grid grid-cols-[minmax(0,1fr)] border-l border-line text-[13px]">
        {asked.slice(-MAX_ENTRIES).map((item) => (
          <li key={item.id}>
            <button
              type="button"
              className="w-full truncate px-2 py-0.5 text-left text-muted hover:bg-sunken hover:text-text"
              onClick={() => onJump(item.id)}
            >
              {firstLine(item)}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}

function firstLine({ content }: UserMessageItem): string {
  const text = content
    .find((block) => block.type === "text")
    ?.text.trim()
    .split("\n")[0];
  return text ? visibleProse(text.slice(0, 120)) : "(attachment)";
}
