// State of an item that outlives its drawing: only what is near the screen is drawn, and what was opened or typed has to stay.
"use client";

import { use, useState } from "react";
import { ItemContext, TimelineContext } from "./timeline-actions.ts";

/** `name` is unique within the item. Outside of a timeline it is plain state. */
export function useKept<Value>(name: string, initial: Value): [Value, (value: Value) => void] {
  const memory = use(TimelineContext)?.memory ?? null;
  const key = `${use(ItemContext)} ${name}`;
  // What was put there under this name has this type.
  const [value, setValue] = useState(() => (memory?.has(key) ? (memory.get(key) as Value) : initial));
  return [
    value,
    (next) => {
      memory?.set(key, next);
      setValue(next);
    },
  ];
}
