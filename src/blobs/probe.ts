// The check of any blob store: a small blob has to come back as it was put.
import { randomBytes } from "node:crypto";
import { messageOf } from "../lib/errors.ts";
import type { BlobCheck, BlobStore } from "./blobs.ts";

/** `where` names the store for an operator. */
export async function probeBlobs(store: Omit<BlobStore, "check">, where: string): Promise<BlobCheck> {
  const bytes = randomBytes(16);
  const key = `probes/${bytes.toString("hex")}`;
  try {
    await store.put(key, bytes);
    const found = await store.get(key);
    await store.remove(key);
    return found?.equals(bytes)
      ? { ok: true, detail: `${where} works.` }
      : { ok: false, detail: `${where} does not give back what was put into it.` };
  } catch (error) {
    return { ok: false, detail: messageOf(error) };
  }
}
