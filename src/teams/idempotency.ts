// A POST with an Idempotency-Key takes effect once: its answer is kept in the same transaction as its effect. One without, of a
// client that counts its attempts, is answered again when the first answer was never sent.
import { createHash, randomUUID, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { type Database, type DatabaseTransaction, inTransaction } from "../db/database.ts";
import {
  forgetUnsent,
  keepAnswer,
  keepUnsent,
  lockRequest,
  takeIdempotencyKey,
  takeUnsent,
} from "../db/idempotency.ts";
import { PlatformError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import { sameHash } from "./tokens.ts";

const MAX_KEY_LENGTH = 255;

type Request = {
  teamId: string;
  method: string;
  path: string;
  body: Uint8Array;
  /** A secret is in the body: what is kept to recognise the request must not tell it to who guesses. */
  secret?: boolean;
};
export type IdempotentRequest = Request & { key: string };
/** `attempt`: 0 for the first, as the client counts. */
export type CountedRequest = Request & { attempt: number };
/** `kept` is what a repeated request is answered, where that differs: a secret is told once and not stored. */
export type Answer = { status: number; body: unknown; kept?: unknown };
type Answered = Answer & {
  replayed: boolean;
  /** To be called when the answer has been sent; until then a repeated request is given it. Never rejects. */
  sent?: () => Promise<void>;
};
export type Changes = ReturnType<typeof createChanges>;

/** The only way that a request changes something: `work` runs in one transaction, at most once per key. */
export function createChanges({ db, logger }: { db: Database; logger: Logger }) {
  return {
    async run(
      request: IdempotentRequest | CountedRequest | null,
      work: (tx: DatabaseTransaction) => Promise<Answer>,
    ): Promise<Answered> {
      if (request && "attempt" in request) return runCounted(request, work);
      if (request && (request.key.length === 0 || request.key.length > MAX_KEY_LENGTH))
        throw new PlatformError("invalid_request", `Idempotency-Key: must have 1 to ${MAX_KEY_LENGTH} characters`);
      return inTransaction(db, async (tx) => {
        if (!request) return { ...(await work(tx)), replayed: false };
        const { teamId, key } = request;
        const requestHash = await hashRequest(request);
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

  async function runCounted(
    request: CountedRequest,
    work: (tx: DatabaseTransaction) => Promise<Answer>,
  ): Promise<Answered> {
    const { teamId } = request;
    const hash = (await hashRequest(request)).toString("hex");
    const place = { teamId, hash, id: randomUUID().replaceAll("-", "") };
    const sent = async () => {
      try {
        await forgetUnsent(db, place);
      } catch (error) {
        logger.debug({ err: error }, "an answer that was sent is kept a while longer");
      }
    };
    return inTransaction(db, async (tx) => {
      const repeats = request.attempt > 0;
      await lockRequest(tx, { hash: `${teamId}.${hash}`, repeats });
      const unsent = repeats ? await takeUnsent(tx, place) : null;
      if (unsent) return { status: unsent.status, body: unsent.response, replayed: true, sent };
      const answer = await work(tx);
      await keepUnsent(tx, { ...place, status: answer.status, response: answer.body });
      return { ...answer, replayed: false, sent };
    });
  }
}

async function hashRequest({ teamId, method, path, body, secret }: Request): Promise<Buffer> {
  const hash = createHash("sha256").update(`${method} ${path}\n`).update(body).digest();
  if (!secret) return hash;
  // A guess costs some 40 ms instead of some nanoseconds.
  return slowHash(hash, `berth request ${teamId}`, hash.length);
}

const slowHash = promisify<Buffer, string, number, Buffer>(scrypt);
