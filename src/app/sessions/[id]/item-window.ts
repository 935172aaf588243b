// A long conversation is drawn from an item on, not from its beginning.
import type { Turn } from "./session-view.ts";

/** A turn of which the first items are left out. */
export type ShownTurn = { turn: Turn; skipped: number };

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

/** Leaves out the first `first` items of all turns, and turns of which nothing is left. */
export function turnsFrom(turns: readonly Turn[], first: number): ShownTurn[] {
  const shown: ShownTurn[] = [];
  let before = 0;
  for (const turn of turns) {
    const skipped = Math.max(0, first - before);
    before += turn.items.length;
    if (skipped === 0 || skipped < turn.items.length) shown.push({ turn, skipped });
  }
  return shown;
}

/**
 * Where drawing begins after new items have come. It stays where it is, so that nothing moves under a reader's eyes,
 * but for a reader at the end, who sees only the end anyway.
 */
export function nextFirst(first: number, { count, atEnd }: { count: number; atEnd: boolean }): number {
  return atEnd && count - first > 2 * WINDOW_ITEMS ? count - WINDOW_ITEMS : first;
}
