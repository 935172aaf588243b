// Pages of a list, one after the other.
import type { Page } from "../client/page.ts";

/** At most this many of a list in one answer. */
export const MAX_PAGE = 100;

/** The first `limit` of what `list` gives. */
export async function collect<T>(list: (page: { page?: string }) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const found: T[] = [];
  let page: string | null = null;
  do {
    const answer: Page<T> = await list(page === null ? {} : { page });
    found.push(...answer.data);
    page = answer.next_page;
  } while (page !== null && found.length < limit);
  return found.slice(0, limit);
}
