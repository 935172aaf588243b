// Pages of a list that can be walked both ways: opaque cursors, and how many rows to read to know whether there is more.
import { PlatformError } from "./errors.ts";
import { type IdKind, isId } from "./ids.ts";

export type Order = "asc" | "desc";
export type Position = { createdAt: Date; id: string };
export type Cursor = { order: Order; direction: "next" | "previous"; position: Position };

export function encodeCursor(cursor: Cursor): string {
  const { order, direction, position } = cursor;
  const text = [order, direction, position.createdAt.getTime(), position.id].join(" ");
  return Buffer.from(text).toString("base64url");
}

/** Throws `invalid_request` for a text that `encodeCursor` did not make for a list of objects of this kind. */
export function decodeCursor(text: string, kind: IdKind): Cursor {
  const [order, direction, time, id, ...rest] = Buffer.from(text, "base64url").toString().split(" ");
  const milliseconds = Number(time);
  const known =
    (order === "asc" || order === "desc") &&
    (direction === "next" || direction === "previous") &&
    /^\d{1,15}$/.test(time ?? "") &&
    id !== undefined &&
    isId(kind, id) &&
    rest.length === 0;
  if (!known) throw new PlatformError("invalid_request", "page: is not a cursor of this list");
  return { order, direction, position: { createdAt: new Date(milliseconds), id } };
}

export type PageOf<Row> = { rows: Row[]; nextPage: string | null; previousPage: string | null };

/** Reads one row more than asked for, in the cursor's direction, and says whether there is a page on either side. */
export async function readPage<Row>(options: {
  /** What the list holds. */
  kind: IdKind;
  order: Order;
  limit: number;
  cursor?: string | undefined;
  read: (page: { limit: number; order: Order; after?: Position }) => Promise<Row[]>;
  positionOf: (row: Row) => Position;
}): Promise<PageOf<Row>> {
  const { kind, order, limit, read, positionOf } = options;
  const cursor = options.cursor === undefined ? null : decodeCursor(options.cursor, kind);
  if (cursor && cursor.order !== order)
    throw new PlatformError("invalid_request", `page: the cursor belongs to order=${cursor.order}`);
  const backwards = cursor?.direction === "previous";
  const readOrder: Order = backwards ? (order === "asc" ? "desc" : "asc") : order;
  const found = await read({ limit: limit + 1, order: readOrder, ...(cursor ? { after: cursor.position } : {}) });
  const more = found.length > limit;
  const rows = found.slice(0, limit);
  if (backwards) rows.reverse();
  const first = rows[0];
  const last = rows.at(-1);
  const toNext = last ? encodeCursor({ order, direction: "next", position: positionOf(last) }) : null;
  const toPrevious = first ? encodeCursor({ order, direction: "previous", position: positionOf(first) }) : null;
  return {
    rows,
    nextPage: backwards || more ? toNext : null,
    previousPage: backwards ? (more ? toPrevious : null) : cursor ? toPrevious : null,
  };
}
