// Previews of a message while the model still writes it: batched, best effort, never stored.
import type { Preview } from "../db/wakeups.ts";

const BATCH_MS = 25;

export type Previews = {
  /** More text of the message. */
  text(piece: string): void;
  /** The model thinks. */
  thinking(): void;
  /** Sends what is left; later pieces are dropped. */
  close(): void;
};

/** The ids are those that the final events will have. The first piece goes out at once, the next ones in batches. */
export function createPreviews(options: {
  sessionId: string;
  messageId: string;
  thinkingId: string;
  send: (preview: Preview) => void;
}): Previews {
  const { sessionId, messageId, thinkingId, send } = options;
  let waiting = "";
  let started = false;
  let thought = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    if (waiting === "") return;
    const delta = { type: "content_delta", index: 0, content: { type: "text", text: waiting } } as const;
    waiting = "";
    send({ sessionId, data: { type: "event_delta", event_id: messageId, delta } });
  }

  return {
    text(piece) {
      if (closed || piece === "") return;
      waiting += piece;
      if (!started) {
        started = true;
        send({ sessionId, data: { type: "event_start", event: { type: "agent.message", id: messageId } } });
        flush();
        return;
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        flush();
      }, BATCH_MS);
    },
    thinking() {
      if (closed || thought) return;
      thought = true;
      send({ sessionId, data: { type: "event_start", event: { type: "agent.thinking", id: thinkingId } } });
    },
    close() {
      if (closed) return;
      clearTimeout(timer);
      flush();
      closed = true;
    },
  };
}
