// A POST with an Idempotency-Key takes effect once: its answer is kept in the same transaction as its effect.
import { createHash } from "node:crypto";
import { type Database, type DatabaseTransaction, inTransaction } from "../db/database.ts";
import { keepAnswer, takeIdempotencyKey } from "../db/idempotency.ts";
import { PlatformError } from "../lib/errors.ts";
import { sameHash } from "./tokens.ts";

const MAX_KEY_LENGTH = 255;

export type IdempotentRequest = { teamId: string; key: string; method: string; path: string; body: Uint8Array };
/** `kept` is what a repeated request is answered, where that differs: a secret is told once and not stored. */
export type Answer = { status: number; body: unknown; kept?: unknown };
export type Changes = ReturnType<typeof createChanges>;

/** The only way that a request changes something: `work` runs in one transaction, at most once per key. */
export function createChanges({ db }: { db: Database }) {
  return {
    async run(
      request: IdempotentRequest | null,
      work: (tx: DatabaseTransaction) => Promise<Answer>,
    ): Promise<Answer & { replayed: boolean }> {
      if (request && (request.key.length === 0 || request.key.length > MAX_KEY_LENGTH))
        throw new PlatformError("invalid_request", `Idempotency-Key: must have 1 to ${MAX_KEY_LENGTH} characters`);
      return inTransaction(db, async (tx) => {
        if (!request) return { ...(await work(tx)), replayed: false };
        const { teamId, key } = request;
        const requestHash = hashRequest(request);
        const kept = await takeIdempotencyKey(tx, { teamId, key, requestHash });
        if (kept) {
          if (!sameHash(kept.requestHash, requestHash))
            throw new PlatformError("invalid_request", "Idempotency-Key: was used for another request");
          return { status: kept.status, body: kept.response, replayed: true };
        }
        const answer = await work(tx);
        await keepAnswer(tx, { teamId, key, status: answer.status, response: answer.kept ?? answer.body });
        return { ...answer, replayed: false };
      });
    },
  };
}

function hashRequest({ method, path, body }: IdempotentRequest): Buffer {
  return createHash("sha256").update(`${method} ${path}\n`).update(body).digest();
}
