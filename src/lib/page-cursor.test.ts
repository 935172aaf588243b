// Pages lead through a list in both directions without a gap, whatever the page size.
import { expect, test } from "vitest";
import { newId } from "./ids.ts";
import { decodeCursor, encodeCursor, type Order, type Position, readPage } from "./page-cursor.ts";

const rows: Position[] = Array.from({ length: 11 }, (_, index) => ({
  // Several rows in the same millisecond: the id decides.
  createdAt: new Date(1_000 + Math.floor(index / 3)),
  id: `agent_${String(index).padStart(26, "0")}`,
}));
const keyOf = (row: Position) => `${row.createdAt.getTime()} ${row.id}`;

async function read(request: { limit: number; order: Order; after?: Position }): Promise<Position[]> {
  const sorted = request.order === "asc" ? rows : rows.toReversed();
  const { after } = request;
  const rest = after
    ? sorted.filter((row) => (request.order === "asc" ? keyOf(row) > keyOf(after) : keyOf(row) < keyOf(after)))
    : sorted;
  return rest.slice(0, request.limit);
}
const page = (order: Order, limit: number, cursor?: string) =>
  readPage({ kind: "agent", order, limit, cursor, read, positionOf: (row) => row });

test.each<[Order, number]>([
  ["asc", 1],
  ["asc", 4],
  ["desc", 3],
  ["desc", 11],
  ["asc", 12],
])("%s by %i: forward to the end and back to the beginning", async (order, limit) => {
  const forward: Position[][] = [];
  let current = await page(order, limit);
  expect(current.previousPage).toBeNull();
  forward.push(current.rows);
  while (current.nextPage) {
    current = await page(order, limit, current.nextPage);
    forward.push(current.rows);
  }
  expect(forward.flat()).toEqual(order === "asc" ? rows : rows.toReversed());
  const back: Position[][] = [current.rows];
  while (current.previousPage) {
    current = await page(order, limit, current.previousPage);
    expect(current.nextPage).not.toBeNull();
    back.unshift(current.rows);
  }
  expect(back).toEqual(forward);
});

test("a cursor keeps what it was made of", () => {
  const cursor = {
    order: "asc",
    direction: "previous",
    position: { createdAt: new Date(1234), id: newId("session", 1234) },
  } as const;
  expect(decodeCursor(encodeCursor(cursor), "session")).toEqual(cursor);
});

test.each([
  "",
  "abc",
  "eyJ9",
  Buffer.from("asc next 12 x'; drop").toString("base64url"),
  Buffer.from("asc next 1e9 a").toString("base64url"),
])("%j is no cursor", (text) => expect(() => decodeCursor(text, "session")).toThrow(/is not a cursor/));

test("a cursor of another list is refused", async () => {
  const { nextPage } = await page("asc", 2);
  expect(() => decodeCursor(nextPage ?? "", "session")).toThrow(/is not a cursor of this list/);
});

test("a cursor of the other order is refused", async () => {
  const { nextPage } = await page("asc", 2);
  await expect(page("desc", 2, nextPage ?? "")).rejects.toThrow(/belongs to order=asc/);
});
