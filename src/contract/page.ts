// Lists come in pages; a cursor leads to the next one.

export type Page<T> = { data: T[]; next_page: string | null };
/** A list that can be walked both ways. */
export type BidirectionalPage<T> = Page<T> & { prev_page: string | null };
