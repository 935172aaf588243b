// What the browser keeps for this server beyond a reload, files included: one IndexedDB table of values by key.

const DATABASE = "berth";
const TABLE = "kept";

/** Each rejects where the browser keeps nothing (a private window, no room): callers go on with what is in the page. */
export const browserStore = {
  get: <T>(key: string): Promise<T | undefined> =>
    // Written by this very module's callers, each under keys of its own.
    request("readonly", (table) => table.get(key)) as Promise<T | undefined>,
  set: (key: string, value: unknown): Promise<unknown> => request("readwrite", (table) => table.put(value, key)),
  remove: (key: string): Promise<unknown> => request("readwrite", (table) => table.delete(key)),
  /** All values whose key begins like this. */
  removeAll: (prefix: string): Promise<unknown> =>
    request("readwrite", (table) => table.delete(IDBKeyRange.bound(prefix, `${prefix}\uffff`))),
  /** All values whose key begins like this, in the order of their keys. */
  list: <T>(prefix: string): Promise<T[]> =>
    request("readonly", (table) => table.getAll(IDBKeyRange.bound(prefix, `${prefix}\uffff`))) as Promise<T[]>,
};

let opened: Promise<IDBDatabase> | null = null;

function open(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(TABLE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  return opened;
}

async function request(mode: IDBTransactionMode, ask: (table: IDBObjectStore) => IDBRequest): Promise<unknown> {
  const transaction = (await open()).transaction(TABLE, mode);
  const asked = ask(transaction.objectStore(TABLE));
  return new Promise((resolve, reject) => {
    // Only then is it kept.
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = () => reject(transaction.error);
    transaction.onerror = () => reject(transaction.error);
  });
}
