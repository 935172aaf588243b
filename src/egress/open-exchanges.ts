// What is open for long (a WebSocket, an event stream, a download) is asked about again and again: what is no longer allowed ends.
import { setImmediate } from "node:timers/promises";
import type { Logger } from "../lib/logger.ts";
import { Refusal } from "./refusal.ts";

/** With the age that answers about rules and credentials may have it is less than five seconds until a change holds. */
export const LOOK_EVERY_MS = 2_000;

/** Looked at without a pause: ten thousand at once would hold up what goes through the broker for a second, every other second. */
export const LOOK_AT_ONCE = 100;

export type OpenExchange = {
  /** Throws a `Refusal` when it would not be begun any more. */
  check: () => Promise<void>;
  end: (refusal: Refusal) => void;
};

export type OpenExchanges = {
  /** Gives what takes it out again. */
  add(exchange: OpenExchange): () => void;
};

export function createOpenExchanges({ logger }: { logger: Logger }): OpenExchanges {
  const open = new Set<OpenExchange>();
  let looking = false;

  async function look(exchange: OpenExchange): Promise<void> {
    try {
      await exchange.check();
    } catch (error) {
      if (!(error instanceof Refusal)) return logger.error({ err: error }, "an open connection could not be looked at");
      // Not known is no change: it is asked again. Nothing new begins meanwhile.
      if (error.rule === "policy_unavailable" || !open.has(exchange)) return;
      open.delete(exchange);
      exchange.end(error);
    }
  }

  async function lookAtAll(): Promise<void> {
    const all = [...open];
    const looks: Promise<void>[] = [];
    for (const [index, exchange] of all.entries()) {
      if (index > 0 && index % LOOK_AT_ONCE === 0) await setImmediate();
      // One whose answer takes long keeps none of the others waiting.
      if (open.has(exchange)) looks.push(look(exchange));
    }
    await Promise.all(looks);
  }

  function lookLater(): void {
    looking = true;
    setTimeout(() => {
      // Most have come and gone between two looks.
      void lookAtAll().finally(() => {
        if (open.size > 0) lookLater();
        else looking = false;
      });
    }, LOOK_EVERY_MS).unref();
  }

  return {
    add(exchange) {
      open.add(exchange);
      if (!looking) lookLater();
      return () => void open.delete(exchange);
    },
  };
}
