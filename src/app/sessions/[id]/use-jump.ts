// Goes to one item, by a link's fragment, the outline or the search, and marks it for a moment.
"use client";

import { useCallback, useEffect, useEffectEvent, useState } from "react";

const MARKED_MS = 3_000;

/** `reveal` draws the item if it is not drawn; false when there is no such item. */
export function useJump(reveal: (id: string) => boolean) {
  const [target, setTarget] = useState<{ id: string } | null>(null);
  const [marked, setMarked] = useState<string | null>(null);
  const find = useEffectEvent(reveal);
  const jump = useCallback((id: string) => setTarget({ id }), []);

  useEffect(() => {
    const fromLink = () => {
      const id = window.location.hash.slice(1);
      if (id.startsWith("sevt_")) setTarget({ id });
    };
    fromLink();
    window.addEventListener("hashchange", fromLink);
    return () => window.removeEventListener("hashchange", fromLink);
  }, []);

  useEffect(() => {
    if (!target || !find(target.id)) return;
    setMarked(target.id);
    let timer: ReturnType<typeof setTimeout> | undefined;
    // The item is drawn with one of the next frames when it was not drawn yet.
    let frame = requestAnimationFrame(function show() {
      const element = document.getElementById(target.id);
      if (element) {
        element.scrollIntoView({ block: "center" });
        timer = setTimeout(() => setMarked(null), MARKED_MS);
      } else frame = requestAnimationFrame(show);
    });
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    };
  }, [target]);
  return { jump, marked };
}
