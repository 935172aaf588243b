// What this browser keeps of a session that nobody has any more.
import { browserStore } from "../../components/browser-store.ts";
import { outboxStore } from "./outbox-store.ts";
import { draftFilesKey } from "./use-attachments.ts";
import { dropDraft } from "./use-draft.ts";

/** Its draft, the files of it, and messages that were never accepted: a deleted session leaves nothing behind. One that
 * is merely not found keeps them: whoever logs in with another key may find it again. */
export function forgetUnsent(sessionId: string): void {
  dropDraft(sessionId);
  // A browser that keeps nothing has nothing to forget.
  outboxStore.removeAll(sessionId).catch(() => null);
  browserStore.remove(draftFilesKey(sessionId)).catch(() => null);
}
