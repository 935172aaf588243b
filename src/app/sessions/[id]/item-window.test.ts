// A long conversation is drawn in part, and a reader's place in it never moves.
import { expect, test } from "vitest";
import { countItems, indexOfItem, lastItems, nextWindow, turnsIn, WINDOW_ITEMS, windowAround } from "./item-window.ts";
import type { Turn } from "./session-view.ts";

const turn = (id: string, length: number): Turn => ({
  id,
  items: Array.from({ length }, (_, index) => ({ kind: "note", id: `${id}-${index}`, text: "", at: null })),
  startedAt: null,
  endedAt: null,
  openRequests: [],
});
const turns = [turn("a", 3), turn("b", 2), turn("c", 4)];
const shown = (first: number) => turnsIn(turns, { first, end: null }).map(({ turn: { id }, skipped }) => [id, skipped]);

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
  expect(turnsIn([turn("a", 3), turn("b", 0)], { first: 3, end: null }).map((each) => each.turn.id)).toEqual(["b"]);
});

test("a window with an end leaves out what comes after it", () => {
  const drawn = turnsIn(turns, { first: 2, end: 6 }).map((each) => [each.turn.id, each.skipped, each.end]);
  expect(drawn).toEqual([
    ["a", 2, 3],
    ["b", 0, 2],
    ["c", 0, 1],
  ]);
});

test("the window stays while somebody reads above the end", () => {
  const window = { first: 10, end: null };
  expect(nextWindow(window, { count: 10_000, atEnd: false })).toBe(window);
});

test("at the end the drawn part stays bounded, and moves rarely", () => {
  const window = { first: 0, end: null };
  expect(nextWindow(window, { count: 2 * WINDOW_ITEMS, atEnd: true })).toBe(window);
  expect(nextWindow(window, { count: 2 * WINDOW_ITEMS + 1, atEnd: true })).toEqual({
    first: WINDOW_ITEMS + 1,
    end: null,
  });
});

test.each([
  ["where it is drawn already, nothing moves", 9_900, lastItems(10_000)],
  ["near above, the window begins earlier", 9_700, { first: 9_680, end: null }],
  ["far above, another part is drawn", 42, { first: 22, end: 22 + WINDOW_ITEMS }],
  ["at the very beginning", 0, { first: 0, end: WINDOW_ITEMS }],
])("a jump: %s", (_name, index, expected) => {
  expect(windowAround(index, { window: lastItems(10_000), count: 10_000 })).toEqual(expected);
});

test("a jump from far above to the end draws to the end", () => {
  const window = { first: 0, end: WINDOW_ITEMS };
  expect(windowAround(9_990, { window, count: 10_000 })).toEqual({ first: 9_970, end: null });
});
