// Audit lines on their way to the database: in batches, in order, and never more of them in memory than fit.
import type { EgressRequest } from "../contract/egress-requests.ts";
import type { Sender } from "../contract/sender.ts";
import { messageOf } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";

/** One request of a session to the outside, when it is over. No query, no header, no body: those may hold anything. */
export type AuditLine = {
  /** Written twice it is one line. */
  id: string;
  at: Date;
  /** Which part asked. */
  source: EgressSource;
  /** Null: the sandbox belonged to no session. */
  teamId: string | null;
  /** Null without a team as well: it was asked for no session. */
  sessionId: string | null;
  /** Where it is not whoever sent the session's message. */
  who?: Sender;
  method: string;
  host: string;
  port: number;
  path: string;
  decision: "allow" | "deny" | "error";
  rule: string;
  detail: string | null;
  /** Names of those that were put into the request. */
  credentials: readonly string[];
  suspicious: boolean;
  /** What the program was answered; null when nothing. */
  status: number | null;
  requestBytes: number;
  responseBytes: number;
  durationMs: number;
};

/** Programs in the sandbox · the MCP client · `web_fetch` and `web_search` · what renews and tries credentials. */
export type EgressSource = EgressRequest["source"];

const MAX_WAITING = 10_000;
const MAX_BATCH = 500;
const FLUSH_MS = 250;

export type AuditQueue = {
  add(line: AuditLine): void;
  /** Writes what waits, once more without patience. */
  close(): Promise<void>;
};

export function createAuditQueue(options: {
  write: (lines: readonly AuditLine[]) => Promise<void>;
  logger: Logger;
  flushMs?: number;
}): AuditQueue {
  const { write, logger, flushMs = FLUSH_MS } = options;
  const waiting: AuditLine[] = [];
  let lost = 0;
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> | null = null;

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_BATCH);
      await write(batch);
      waiting.splice(0, batch.length);
    }
    if (lost > 0)
      logger.error({ lost }, "audit lines of sessions' requests were lost: the database was away for too long");
    lost = 0;
  }

  function begin(): Promise<void> {
    writing ??= flush()
      .catch((error: unknown) => {
        logger.warn({ why: messageOf(error), waiting: waiting.length }, "audit lines wait for the database");
      })
      .finally(() => {
        writing = null;
        if (waiting.length > 0) later();
      });
    return writing;
  }

  function later(): void {
    timer ??= setTimeout(() => {
      timer = null;
      void begin();
    }, flushMs);
  }

  return {
    add(line) {
      // Without the database no session's rules are known, so that little more than refusals can come now.
      if (waiting.length >= MAX_WAITING) lost += 1;
      else waiting.push(line);
      later();
    },
    async close() {
      await begin();
      if (waiting.length > 0) await begin();
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}
