// The messages that were sent, brought back by the arrow keys.
"use client";

import { useState } from "react";
import type { SessionView } from "./session-view.ts";

export function useRecall(view: SessionView) {
  /** How far back; 0 is the message that is being written. */
  const [back, setBack] = useState(0);
  return {
    recalling: back > 0,
    /** The text to show; null when there is none further. */
    recall(by: 1 | -1): string | null {
      const texts = sentTexts(view);
      const next = back + by;
      if (next < 0 || next > texts.length) return null;
      setBack(next);
      return next === 0 ? "" : (texts.at(-next) ?? "");
    },
    stop: () => setBack(0),
  };
}

function sentTexts(view: SessionView): string[] {
  const items = [...view.turns.flatMap((turn) => turn.items), ...view.queued];
  return items.flatMap((item) =>
    item.kind === "user_message" ? item.content.flatMap((block) => (block.type === "text" ? [block.text] : [])) : [],
  );
}
