// Messages on their way: shown at once, gone when the stream brings them, kept with a way to retry when sending fails.
"use client";

import { useState } from "react";
import { randomKey } from "../../../client/transport.ts";
import type { MessageBlock } from "../../../contract/content.ts";
import { goToLoginWhenSignedOut, useBerth } from "../../providers.tsx";
import type { SessionView } from "./session-view.ts";

export type OutgoingMessage = {
  /** Sent as the idempotency key, so that a retry cannot say a thing twice. */
  key: string;
  content: MessageBlock[];
  /** Known when the server has accepted the message. */
  eventId: string | null;
  error: unknown;
};

export function useOutbox(sessionId: string, view: SessionView) {
  const berth = useBerth();
  const [messages, setMessages] = useState<OutgoingMessage[]>([]);
  const change = (key: string, changes: Partial<OutgoingMessage>) =>
    setMessages((all) => all.map((each) => (each.key === key ? { ...each, ...changes } : each)));

  async function deliver({ key, content }: OutgoingMessage) {
    try {
      const answer = await berth.events.send(sessionId, [{ type: "user.message", content }], {
        idempotencyKey: key,
      });
      change(key, { eventId: answer.data[0]?.id ?? null, error: null });
    } catch (error) {
      goToLoginWhenSignedOut(error);
      change(key, { error });
    }
  }

  // What the stream has brought is part of the view; only the last items can be that new.
  const arrived = new Set([
    ...view.queued.map((item) => item.id),
    ...view.turns.slice(-3).flatMap((turn) => turn.items.map((item) => item.id)),
  ]);
  return {
    messages: messages.filter((each) => each.eventId === null || !arrived.has(each.eventId)),
    send(content: MessageBlock[]) {
      const message: OutgoingMessage = { key: randomKey(), content, eventId: null, error: null };
      setMessages((all) => [...all.filter((each) => each.eventId === null), message]);
      void deliver(message);
    },
    retry(message: OutgoingMessage) {
      change(message.key, { error: null });
      void deliver(message);
    },
    discard: (message: OutgoingMessage) => setMessages((all) => all.filter((each) => each.key !== message.key)),
  };
}

export type Outbox = ReturnType<typeof useOutbox>;
