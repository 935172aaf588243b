// Patched lists equal lists that are read anew, whatever comes in which order.
import { expect, test } from "vitest";
import type { Page } from "../../client/page.ts";
import type { TeamChange } from "../../client/stream-sessions.ts";
import type { Session } from "../../contract/sessions.ts";
import { patchPage, patchPages } from "./patch-pages.ts";

type Row = { n: number; status: "idle" | "running" };
/** Made in the n-th minute. */
function session({ n, status }: Row): Session {
  const two = String(n).padStart(2, "0");
  // Only what lists look at.
  return { id: `sesn_${two}`, created_at: `2026-01-01T00:${two}:00.000Z`, status } as Session;
}
const changed = (n: number, status: Row["status"] = "idle"): TeamChange => ({
  type: "session_changed",
  session: session({ n, status }),
});
const deleted = (n: number): TeamChange => ({ type: "session_deleted", id: session({ n, status: "idle" }).id });
const pagesOf = (...pages: number[][]) => ({
  pages: pages.map((rows, index) => ({
    data: rows.map((n) => session({ n, status: "idle" })),
    next_page: index < pages.length - 1 ? "next" : null,
  })),
  pageParams: pages.map(String),
});
const rowsOf = (data: { pages: Page<Session>[] }) =>
  data.pages.map((page) => page.data.map(({ id }) => Number(id.slice(5))));
const patchIdle = patchPages(({ status }) => status === "idle");

test.each([
  ["a new session comes first", [[5, 4], [3]], changed(6), [[6, 5, 4], [3]]],
  ["a known one stays in its place", [[5, 4], [3]], changed(4), [[5, 4], [3]]],
  ["one that does not belong any more leaves", [[5, 4], [3]], changed(4, "running"), [[5], [3]]],
  ["one that belongs again comes where it was made", [[5, 3], [1]], changed(4), [[5, 4, 3], [1]]],
  [
    "between two pages it comes into the later one",
    [[6, 5], [3]],
    changed(4),
    [
      [6, 5],
      [4, 3],
    ],
  ],
  [
    "the oldest comes last when all was read",
    [[5, 4], [3]],
    changed(1),
    [
      [5, 4],
      [3, 1],
    ],
  ],
  ["a deleted one leaves", [[5, 4], [3]], deleted(3), [[5, 4], []]],
  ["an unknown deleted one changes nothing", [[5]], deleted(9), [[5]]],
  ["one that never belonged changes nothing", [[5]], changed(6, "running"), [[5]]],
  ["the first of an empty list", [[]], changed(1), [[1]]],
] satisfies [string, number[][], TeamChange, number[][]][])("%s", (_, before, change, after) => {
  expect(rowsOf(patchIdle(pagesOf(...before), change))).toEqual(after);
});

test("one that lies in a page that was not read yet is left to that page", () => {
  const page = { data: [session({ n: 5, status: "idle" as const })], next_page: "more" };
  expect(patchPage(() => true)(page, changed(1))).toEqual(page);
});

test("after random changes a patched list is the list that would be read, in any cut into pages", () => {
  for (let seed = 1; seed <= 200; seed++) {
    let state = seed;
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % below;
    };
    const truth = new Map<number, Row["status"]>();
    for (let n = 1; n <= 20; n++) if (random(2)) truth.set(n, "idle");
    const list = () =>
      [...truth]
        .filter(([, status]) => status === "idle")
        .map(([n]) => n)
        .sort((a, b) => b - a);
    const start = list();
    const cut = random(start.length + 1);
    let data = pagesOf(start.slice(0, cut), start.slice(cut));
    for (let step = 0; step < 60; step++) {
      const n = 1 + random(30);
      const kind = random(3);
      if (kind === 0) {
        truth.delete(n);
        data = patchIdle(data, deleted(n)) as typeof data;
      } else {
        const status = kind === 1 ? "idle" : "running";
        truth.set(n, status);
        data = patchIdle(data, changed(n, status)) as typeof data;
      }
    }
    expect(rowsOf(data).flat(), `seed ${seed}`).toEqual(list());
  }
});
