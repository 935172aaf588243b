// The port through which the broker asks what credentials make of a request of a session, and of its answer.
import type { Readable, Transform } from "node:stream";
import type { Refusal } from "./refusal.ts";

export type BrokeredRequest = {
  teamId: string;
  sessionId: string;
  /** Canonical; always reached by TLS on port 443, verified. */
  host: string;
  method: string;
  /** With its query, as the program in the sandbox wrote it. */
  path: string;
  /** Name and value in turns. */
  headers: readonly string[];
  /** Null: there is none. `read` rejects with a `Refusal` for one that is longer. */
  body: { lengthBytes: number | null; read(limitBytes: number): Promise<Buffer> } | null;
};

export type CredentialedRequest = {
  headers: readonly string[];
  /** Null: the body goes as it comes. `through` may fail with a `Refusal`; `keepsLength`: as many bytes come out of it. */
  body: { whole: Buffer } | { through: Transform; keepsLength: boolean } | null;
  /** Names, for the audit line. Never values. It may grow while the body goes. */
  used: readonly string[];
  /** Null: what comes back goes to the sandbox as it is. */
  answer: CredentialedAnswer | null;
  /**
   * For when the host answers 401: has the token renewed that it refused. True: another one goes into the next request. Null: nothing
   * that went into this one can be renewed.
   */
  renew: (() => Promise<boolean>) | null;
  /** While it goes on: throws a `Refusal` when a credential that went into it is gone, or is not for it any more. Null: none could. */
  check: (() => Promise<void>) | null;
  /**
   * For the time from before it goes out until its answer is over; gives what ends that time. `end` is called, at once where it is so
   * already, when a credential takes effect that is not taken out of this answer: the session's first. Null: none does.
   */
  whileOpen: ((end: (refusal: Refusal) => void) => () => void) | null;
};

export type CredentialedAnswer = {
  /** What the sandbox gets of an answer. Throws a `Refusal` for one that cannot be looked into. */
  rewrite(
    head: { method: string; status: number; headers: readonly string[] },
    body: Readable,
  ): Promise<{ headers: string[]; body: Readable }>;
  /** Of trailers, and of an answer without a body. */
  headers(raw: readonly string[]): string[];
  text(text: string): string;
  /** For the bytes of a connection that was upgraded; as many come out. */
  socket(): Transform;
};

/** Throws a `Refusal` for a placeholder outside its scope. */
export type ApplyCredentials = (request: BrokeredRequest) => Promise<CredentialedRequest>;
