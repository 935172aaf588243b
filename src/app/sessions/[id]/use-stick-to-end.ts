// Keeps a scrolling region at its end while the reader is at the end, and leaves it alone otherwise.
"use client";

import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** So close to the end counts as at the end: rounding, and a line that is just being written. */
const NEAR_PX = 48;
/** What a person does to scroll. */
const MOVES = ["wheel", "touchmove", "keydown", "pointerdown"] as const;

type StickToEnd = {
  scroller: RefObject<HTMLDivElement | null>;
  content: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
  goToEnd: () => void;
  /** The reader goes somewhere else: what grows at the end does not pull them back. */
  leaveEnd: () => void;
};

/** When `ownMessages` grows the reader has written something and wants to see it. */
export function useStickToEnd(ownMessages: number): StickToEnd {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const sticking = useRef(true);
  /** The reader was taken somewhere else: until they move themselves, being near the end means nothing. */
  const leaving = useRef(false);
  const [atEnd, setAtEnd] = useState(true);

  const goToEnd = useCallback(() => {
    leaving.current = false;
    sticking.current = true;
    setAtEnd(true);
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, []);

  const leaveEnd = useCallback(() => {
    const region = scroller.current;
    // Where everything fits there is no place but the end.
    if (!region || region.scrollHeight - region.clientHeight <= NEAR_PX) return;
    leaving.current = true;
    sticking.current = false;
    setAtEnd(false);
  }, []);

  useEffect(() => {
    const region = scroller.current;
    const inside = content.current;
    if (!region || !inside) return;
    let lastTop = region.scrollTop;
    const onScroll = () => {
      const distance = region.scrollHeight - region.scrollTop - region.clientHeight;
      // Only a move upwards leaves the end: when content grows, the distance does too, and nobody has scrolled.
      if (distance <= NEAR_PX && !leaving.current) sticking.current = true;
      else if (region.scrollTop < lastTop) sticking.current = false;
      lastTop = region.scrollTop;
      setAtEnd(sticking.current);
    };
    const observer = new ResizeObserver(() => {
      if (sticking.current) region.scrollTop = region.scrollHeight;
    });
    const onMove = () => {
      leaving.current = false;
    };
    region.addEventListener("scroll", onScroll, { passive: true });
    for (const type of MOVES) region.addEventListener(type, onMove, { passive: true });
    observer.observe(inside);
    observer.observe(region);
    return () => {
      region.removeEventListener("scroll", onScroll);
      for (const type of MOVES) region.removeEventListener(type, onMove);
      observer.disconnect();
    };
  }, []);

  const known = useRef(ownMessages);
  useEffect(() => {
    if (ownMessages > known.current) goToEnd();
    known.current = ownMessages;
  }, [ownMessages, goToEnd]);

  return { scroller, content, atEnd, goToEnd, leaveEnd };
}
