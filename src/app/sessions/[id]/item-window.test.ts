// A long conversation is drawn in part, and a reader's place in it never moves.
import { expect, test } from "vitest";
import { countItems, indexOfItem, nextFirst, turnsFrom, WINDOW_ITEMS } from "./item-window.ts";
import type { Turn } from "./session-view.ts";

const turn = (id: string, length: number): Turn => ({
  id,
  items: Array.from({ length }, (_, index) => ({ kind: "note", id: `${id}-${index}`, text: "", at: null })),
  startedAt: null,
  endedAt: null,
  openRequests: [],
});
const turns = [turn("a", 3), turn("b", 2), turn("c", 4)];
const shown = (first: number) => turnsFrom(turns, first).map(({ turn: { id }, skipped }) => [id, skipped]);

test("an item is found wherever its turn is", () => {
  expect(["a-0", "b-1", "c-3", "d-0"].map((id) => indexOfItem(turns, id))).toEqual([0, 4, 8, -1]);
});

test("items are counted over all turns", () => expect(countItems(turns)).toBe(9));

test.each([
  [
    0,
    [
      ["a", 0],
      ["b", 0],
      ["c", 0],
    ],
  ],
  [
    2,
    [
      ["a", 2],
      ["b", 0],
      ["c", 0],
    ],
  ],
  [
    3,
    [
      ["b", 0],
      ["c", 0],
    ],
  ],
  [6, [["c", 1]]],
  [9, []],
])("from item %i on", (first, expected) => expect(shown(first)).toEqual(expected));

test("a turn without items yet is shown, since it may be waiting for the model", () => {
  expect(turnsFrom([turn("a", 3), turn("b", 0)], 3).map((each) => each.turn.id)).toEqual(["b"]);
});

test("the beginning stays while somebody reads above the end", () => {
  expect(nextFirst(10, { count: 10_000, atEnd: false })).toBe(10);
});

test("at the end the drawn part stays bounded, and moves rarely", () => {
  expect(nextFirst(0, { count: 2 * WINDOW_ITEMS, atEnd: true })).toBe(0);
  expect(nextFirst(0, { count: 2 * WINDOW_ITEMS + 1, atEnd: true })).toBe(WINDOW_ITEMS + 1);
});
