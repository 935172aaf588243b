// Whether a reader is at the end of what scrolls and wants to stay there while it grows.
"use client";

import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** So close to the end counts as at the end: rounding, and a line that is just being written. */
export const NEAR_END_PX = 48;
/** What a person does to scroll. */
const MOVES = ["wheel", "touchmove", "keydown", "pointerdown"] as const;
/** A move of the region this soon after is the person's; the browser's own motion after a turn of the wheel takes a while. */
const BY_HAND_MS = 600;
const NEVER = Number.NEGATIVE_INFINITY;

type AtEnd = {
  atEnd: boolean;
  stay: () => void;
  /** The reader is taken somewhere else: until they move themselves, being near the end means nothing. */
  leave: () => void;
};

export function useAtEnd(scroller: RefObject<HTMLElement | null>): AtEnd {
  const [atEnd, setAtEnd] = useState(true);
  const taken = useRef(false);
  /** When the reader last moved, and when they last turned the wheel upwards. */
  const movedMs = useRef(NEVER);
  const turnedUpMs = useRef(NEVER);
  /** When they asked to be taken to the end. */
  const askedMs = useRef(NEVER);

  const stay = useCallback(() => {
    taken.current = false;
    // What they did before is over: it must not take them away again.
    movedMs.current = NEVER;
    turnedUpMs.current = NEVER;
    askedMs.current = performance.now();
    setAtEnd(true);
  }, []);

  const leave = useCallback(() => {
    const region = scroller.current;
    // Where everything fits there is no place but the end.
    if (!region || region.scrollHeight - region.clientHeight <= NEAR_END_PX) return;
    taken.current = true;
    setAtEnd(false);
  }, [scroller]);

  useEffect(() => {
    const region = scroller.current;
    if (!region) return;
    let lastTop = region.scrollTop;
    const onMove = () => {
      movedMs.current = performance.now();
      taken.current = false;
    };
    // What grows may take the region to its end again before the browser tells of the turn: the turn itself counts.
    const onWheel = (event: WheelEvent) => {
      if (event.deltaY > 0) turnedUpMs.current = NEVER;
      const room = region.scrollHeight - region.clientHeight > NEAR_END_PX;
      if (event.deltaY >= 0 || !room || event.ctrlKey || scrollsInside(event.target, region)) return;
      turnedUpMs.current = performance.now();
      setAtEnd(false);
    };
    const onScroll = () => {
      const top = region.scrollTop;
      const distance = region.scrollHeight - top - region.clientHeight;
      const byHand = performance.now() - movedMs.current < BY_HAND_MS;
      // The browser's motion after a key goes on beside the jump to the end.
      const held = movedMs.current === NEVER && performance.now() - askedMs.current < BY_HAND_MS;
      const leaving = taken.current || performance.now() - turnedUpMs.current < BY_HAND_MS;
      if (distance <= 1) {
        if (!leaving) setAtEnd(true);
      } else if (top < lastTop && held) {
        region.scrollTop = region.scrollHeight;
      } else if (top < lastTop) {
        // A person is let go at once, else what grows would pull them back; what shrinks above them moves nobody away.
        if (byHand || distance > NEAR_END_PX) setAtEnd(false);
      } else if (top > lastTop && distance <= NEAR_END_PX && !leaving) setAtEnd(true);
      lastTop = top;
    };
    region.addEventListener("scroll", onScroll, { passive: true });
    region.addEventListener("wheel", onWheel, { passive: true });
    for (const type of MOVES) region.addEventListener(type, onMove, { passive: true });
    return () => {
      region.removeEventListener("scroll", onScroll);
      region.removeEventListener("wheel", onWheel);
      for (const type of MOVES) region.removeEventListener(type, onMove);
    };
  }, [scroller]);

  return { atEnd, stay, leave };
}

/** Something within the region takes a turn upwards for itself. */
function scrollsInside(target: EventTarget | null, region: HTMLElement): boolean {
  for (let at = target instanceof Element ? target : null; at && at !== region; at = at.parentElement)
    if (at.scrollTop > 0) return true;
  return false;
}
