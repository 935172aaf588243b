// Messages that the server has not accepted yet, kept in this browser for each session until it has.
import type { MessageBlock } from "../../../contract/content.ts";
import { browserStore } from "../../components/browser-store.ts";

export type Upload = {
  name: string;
  file: Blob;
  /** Where in the sandbox it goes; null until that is chosen, which happens once. */
  path: string | null;
};

export type KeptMessage = {
  /** Sent as the idempotency key, so that no retry, also after a reload or of another tab, says a thing twice. */
  key: string;
  content: MessageBlock[];
  uploads: Upload[];
  createdAtMs: number;
  /** Why it was not sent; null while nobody knows. */
  failure: string | null;
};

/** For so long the server knows a key again; an hour is left for clocks. */
const KEY_LIFETIME_MS = 47 * 3_600_000;

/** Whether sending it again cannot double it. Pure. */
export function isSafeToRepeat(message: KeptMessage, nowMs: number): boolean {
  return nowMs - message.createdAtMs < KEY_LIFETIME_MS;
}

const storeKey = (sessionId: string, key: string) => `outbox:${sessionId}:${key}`;

export const outboxStore = {
  list: async (sessionId: string): Promise<KeptMessage[]> => {
    const found = await browserStore.list<KeptMessage>(storeKey(sessionId, ""));
    return found.sort((one, other) => one.createdAtMs - other.createdAtMs);
  },
  get: (sessionId: string, key: string) => browserStore.get<KeptMessage>(storeKey(sessionId, key)),
  put: (sessionId: string, message: KeptMessage) => browserStore.set(storeKey(sessionId, message.key), message),
  removeAll: (sessionId: string) => browserStore.removeAll(storeKey(sessionId, "")),
  remove: (sessionId: string, key: string) => browserStore.remove(storeKey(sessionId, key)),
};

/** One tab at a time; without locks (plain HTTP) the idempotency key alone has to do. */
export function alone<T>(key: string, work: () => Promise<T>): Promise<T> {
  // Browsers give locks only to pages from localhost or over HTTPS, whatever their types say.
  const locks = navigator.locks as LockManager | undefined;
  return locks ? locks.request(`berth:outbox:${key}`, work) : work();
}
