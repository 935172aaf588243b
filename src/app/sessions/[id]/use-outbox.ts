// Messages on their way: shown at once, gone when the stream brings them; kept with a way to retry when sending fails,
// also over a reload.
"use client";

import { useEffect, useRef, useState } from "react";
import { randomKey } from "../../../client/transport.ts";
import type { MessageBlock } from "../../../contract/content.ts";
import { goToLoginWhenSignedOut, useBerth } from "../../providers.tsx";
import { deliverMessage } from "./deliver-message.ts";
import { alone, isSafeToRepeat, type KeptMessage, outboxStore, type Upload } from "./outbox-store.ts";
import type { SessionView } from "./session-view.ts";

export type OutgoingMessage = KeptMessage & {
  /** Known when the server has accepted the message. */
  eventId: string | null;
};

/** Tells other tabs that a message has left the outbox. */
const CHANNEL = "berth:outbox";
const KEEPING_LIMIT_MS = 2_000;

export function useOutbox(sessionId: string, view: SessionView) {
  const berth = useBerth();
  const [messages, setMessages] = useState<OutgoingMessage[]>([]);
  const channel = useRef<BroadcastChannel | null>(null);
  /** Settles when what was sent before has arrived or failed: messages keep the order in which they were written. */
  const before = useRef<Promise<unknown>>(Promise.resolve());
  /** Ids of events that the stream has brought. */
  const seen = useRef(new Set<string>());
  const change = (key: string, changes: Partial<OutgoingMessage>) =>
    setMessages((all) => all.map((each) => (each.key === key ? { ...each, ...changes } : each)));
  const forget = (key: string) => setMessages((all) => all.filter((each) => each.key !== key));

  /** What the browser cannot keep, or not soon, lives as long as the page. */
  async function keep(message: KeptMessage): Promise<void> {
    change(message.key, { uploads: message.uploads });
    const late = new Promise((resolve) => setTimeout(resolve, KEEPING_LIMIT_MS));
    await Promise.race([outboxStore.put(sessionId, message).catch(() => null), late]);
  }
  async function letGo(key: string): Promise<void> {
    await outboxStore.remove(sessionId, key).catch(() => null);
    channel.current?.postMessage(key);
  }

  async function deliver(message: KeptMessage): Promise<void> {
    let latest = message;
    try {
      const eventId = await deliverMessage({
        client: berth,
        sessionId,
        message,
        keep(placed) {
          latest = placed;
          return keep(placed);
        },
      });
      // First: from now on the stream's own message is shown in its place. It may have been withdrawn since.
      if (eventId !== null && seen.current.has(eventId)) forget(message.key);
      else change(message.key, { eventId, failure: null });
      await letGo(message.key);
    } catch (error) {
      goToLoginWhenSignedOut(error);
      const failure = error instanceof Error ? error.message : "It could not be sent.";
      change(message.key, { failure });
      await keep({ ...latest, failure });
    }
  }

  /** `own`: as this page knows it, where the browser keeps nothing. Another tab may have sent it: then the stream brings it. */
  const deliverAgain = (key: string, own: KeptMessage | null) =>
    alone(key, async () => {
      const kept = await outboxStore.get(sessionId, key).catch(() => null);
      const message = kept === null ? own : kept;
      if (!message) return forget(key);
      const again = { ...message, failure: null };
      // A page that is left before the answer comes must not say that it was not sent.
      if (message.failure !== null) await keep(again);
      await deliver(again);
    });

  // biome-ignore lint/correctness/useExhaustiveDependencies: what was kept is looked for once a session
  useEffect(() => {
    let here = true;
    const told = new BroadcastChannel(CHANNEL);
    channel.current = told;
    told.onmessage = ({ data }: MessageEvent<string>) =>
      setMessages((all) => all.filter((each) => each.key !== data || each.eventId !== null));
    outboxStore.list(sessionId).then(
      (found) => {
        if (!here) return;
        const shown = found.map((kept) => ({ ...kept, eventId: null, failure: kept.failure ?? staleness(kept) }));
        setMessages((all) => [...shown.filter(({ key }) => !all.some((each) => each.key === key)), ...all]);
        // Those were on their way when the page was left.
        for (const message of shown) if (message.failure === null) void deliverAgain(message.key, null);
      },
      // The browser keeps nothing, so nothing waits.
      () => null,
    );
    return () => {
      here = false;
      told.close();
    };
  }, [sessionId]);

  // What the stream has brought is part of the view; only the last items can be that new.
  const arrived = new Set([
    ...view.queued.map((item) => item.id),
    ...view.turns.slice(-3).flatMap((turn) => turn.items.map((item) => item.id)),
  ]);
  // What has arrived is gone for good: withdrawn, or scrolled far away, it is not on its way again.
  useEffect(() => {
    for (const id of arrived) seen.current.add(id);
    if (messages.some(({ eventId }) => eventId !== null && seen.current.has(eventId)))
      setMessages((all) => all.filter(({ eventId }) => eventId === null || !seen.current.has(eventId)));
  });
  return {
    messages: messages.filter((each) => each.eventId === null || !arrived.has(each.eventId)),
    send(content: MessageBlock[], uploads: Omit<Upload, "path">[] = []) {
      const message: KeptMessage = {
        key: randomKey(),
        content,
        uploads: uploads.map((upload) => ({ ...upload, path: null })),
        createdAtMs: Date.now(),
        failure: null,
      };
      setMessages((all) => [...all.filter((each) => each.eventId === null), { ...message, eventId: null }]);
      // Kept before it is sent: a page that is left now must not lose it.
      const earlier = before.current;
      before.current = alone(message.key, async () => {
        await keep(message);
        await earlier.catch(() => null);
        await deliver(message);
      });
    },
    retry(message: OutgoingMessage) {
      change(message.key, { failure: null });
      void deliverAgain(message.key, message);
    },
    discard(message: OutgoingMessage) {
      forget(message.key);
      void letGo(message.key);
    },
  };
}

export type Outbox = ReturnType<typeof useOutbox>;

/** Words for a message that lay so long that sending it again might double it; null for all others. */
function staleness(message: KeptMessage): string | null {
  if (isSafeToRepeat(message, Date.now())) return null;
  return "It is days old: look above whether it arrived before you send it again.";
}
