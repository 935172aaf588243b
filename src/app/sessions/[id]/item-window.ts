// A long conversation is drawn from an item on, not from its beginning.
import type { Turn } from "./session-view.ts";

/** A turn of which the first items, and those from `end` on, are left out. */
export type ShownTurn = { turn: Turn; skipped: number; end: number };

/** Items that are drawn: from `first` on; to the last one, or to the one before `end`, for a reader far from the end. */
export type ItemWindow = { first: number; end: number | null };

/** So many items are drawn at first, and so many more each time somebody asks for earlier ones. */
export const WINDOW_ITEMS = 200;

export function countItems(turns: readonly Turn[]): number {
  return turns.reduce((count, turn) => count + turn.items.length, 0);
}

/** Place of an item among the items of all turns; -1 when it is in none. */
export function indexOfItem(turns: readonly Turn[], id: string): number {
  let before = 0;
  for (const turn of turns) {
    const index = turn.items.findIndex((item) => item.id === id);
    if (index !== -1) return before + index;
    before += turn.items.length;
  }
  return -1;
}

/** Leaves out items that are not in the window, and turns of which nothing is left. */
export function turnsIn(turns: readonly Turn[], { first, end }: ItemWindow): ShownTurn[] {
  const shown: ShownTurn[] = [];
  let before = 0;
  for (const turn of turns) {
    const { length } = turn.items;
    const skipped = Math.max(0, first - before);
    const shownEnd = Math.min(length, (end ?? Number.POSITIVE_INFINITY) - before);
    // A turn under way may have no items yet, and still say that the model was asked.
    const empty = length === 0 && end === null;
    if (empty ? skipped === 0 : skipped < shownEnd) shown.push({ turn, skipped, end: shownEnd });
    before += length;
  }
  return shown;
}

/**
 * The window after new items have come. It stays where it is, so that nothing moves under a reader's eyes, but for a
 * reader at the end, who sees only the end anyway.
 */
export function nextWindow(window: ItemWindow, { count, atEnd }: { count: number; atEnd: boolean }): ItemWindow {
  const long = window.end === null && count - window.first > 2 * WINDOW_ITEMS;
  return atEnd && long ? lastItems(count) : window;
}

export function lastItems(count: number): ItemWindow {
  return { first: Math.max(0, count - WINDOW_ITEMS), end: null };
}

/** So many items are drawn before the one that a link or a search leads to. */
const JUMP_MARGIN = 20;

/** The window in which an item is drawn: the same where it is, wider where it is near, another where it is far. */
export function windowAround(index: number, { window, count }: { window: ItemWindow; count: number }): ItemWindow {
  const end = window.end ?? count;
  if (index >= window.first && index < end) return window;
  const first = Math.max(0, index - JUMP_MARGIN);
  if (index < window.first && window.first - index <= WINDOW_ITEMS) return { ...window, first };
  return first + WINDOW_ITEMS >= count ? { first, end: null } : { first, end: first + WINDOW_ITEMS };
}
