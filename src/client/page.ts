// Lists come in pages; a cursor leads to the next one.

export type Page<T> = {
  data: T[];
  next_page: string | null;
  /** Only lists that can be walked both ways have it. */
  prev_page?: string | null;
};
