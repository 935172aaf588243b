// Waiting for one's turn: one at a time per key, or a few at a time in all.

/** Runs work of one key in the order in which it came, each after the one before has settled. */
export function createQueue<Key>(): <T>(key: Key, work: () => Promise<T>) => Promise<T> {
  const lasts = new Map<Key, Promise<unknown>>();
  return (key, work) => {
    const before = lasts.get(key) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine.then(
      () => undefined,
      () => undefined,
    );
    lasts.set(key, settled);
    void settled.then(() => {
      if (lasts.get(key) === settled) lasts.delete(key);
    });
    return mine;
  };
}

/** Runs at most `limit` works at once, first come first served. */
export function createSemaphore(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let active = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (active >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else active += 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else active -= 1;
    }
  };
}
