// Tokens and keys: made of 256 random bits, kept as SHA-256, compared in constant time.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Fast hashing is right here: what is hashed is random (or an operator's own long key), not a password. */
export function hashToken(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

export function sameHash(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}
