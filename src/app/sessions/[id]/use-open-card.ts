// Whether a card is open: because somebody opened it, because it asks, or because a link or a search leads into it.
"use client";

import { use, useEffect, useEffectEvent } from "react";
import type { ToolCallItem } from "./session-view.ts";
import { TimelineContext } from "./timeline-actions.ts";
import { useKept } from "./use-kept.ts";

export function useOpenCard(item: ToolCallItem): [boolean, (open: boolean) => void] {
  const [byHand, setByHand] = useKept<boolean | null>("open", null);
  const shown = use(TimelineContext)?.shown;
  const led = shown?.itemId === item.id && shown.open ? shown.count : 0;
  const open = useEffectEvent(() => setByHand(true));
  useEffect(() => {
    if (led > 0) open();
  }, [led]);
  return [byHand ?? item.state === "asking", setByHand];
}
