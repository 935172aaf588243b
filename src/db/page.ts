// Keyset pages: rows in the order of creation, after a position, in one direction.
import { type RawBuilder, sql } from "kysely";

/** Where a row stands in a list. `created_at` is written by us in whole milliseconds, so that it survives the way through a cursor. */
export type PagePosition = { createdAt: Date; id: string };
export type PageRequest = { limit: number; order: "asc" | "desc"; after?: PagePosition | undefined };
export type TimeBounds = {
  gt?: Date | undefined;
  gte?: Date | undefined;
  lt?: Date | undefined;
  lte?: Date | undefined;
};

/** `where … order by … limit …` of a table with `created_at` and `id`, named `alias`. */
export function pageClause(
  alias: string,
  conditions: readonly RawBuilder<unknown>[],
  page: PageRequest,
): RawBuilder<unknown> {
  const key = sql`(${sql.ref(`${alias}.created_at`)}, ${sql.ref(`${alias}.id`)})`;
  const all = [...conditions];
  if (page.after) {
    const { createdAt, id } = page.after;
    const operator = page.order === "asc" ? sql`>` : sql`<`;
    all.push(sql`${key} ${operator} (${createdAt}::timestamptz, ${id}::text)`);
  }
  const direction = page.order === "asc" ? sql`asc` : sql`desc`;
  return sql`where ${sql.join(all, sql` and `)}
    order by ${sql.ref(`${alias}.created_at`)} ${direction}, ${sql.ref(`${alias}.id`)} ${direction} limit ${page.limit}`;
}

export function createdWithin(alias: string, bounds: TimeBounds | undefined): RawBuilder<unknown>[] {
  const column = sql.ref(`${alias}.created_at`);
  const conditions: RawBuilder<unknown>[] = [];
  if (bounds?.gt) conditions.push(sql`${column} > ${bounds.gt}`);
  if (bounds?.gte) conditions.push(sql`${column} >= ${bounds.gte}`);
  if (bounds?.lt) conditions.push(sql`${column} < ${bounds.lt}`);
  if (bounds?.lte) conditions.push(sql`${column} <= ${bounds.lte}`);
  return conditions;
}
