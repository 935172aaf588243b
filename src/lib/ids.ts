// Ids: the API's prefix and a time-ordered random part, so that ids sort by creation and cannot be guessed.
import { createHash, randomFillSync } from "node:crypto";

/** Prefix by kind of object; `env_`, `sesn_`, `sevt_`, `agent_`, `vlt_`, `vcrd_`, `sesrsc_` are the Managed Agents API's own. */
const prefixes = {
  agent: "agent_",
  apiKey: "apikey_",
  credential: "vcrd_",
  egressRequest: "egr_",
  environment: "env_",
  event: "sevt_",
  login: "login_",
  request: "req_",
  sandbox: "sbx_",
  restore: "rstr_",
  session: "sesn_",
  sessionResource: "sesrsc_",
  snapshot: "snap_",
  team: "team_",
  teamKey: "tkey_",
  vault: "vlt_",
  worker: "wrk_",
} as const;
export type IdKind = keyof typeof prefixes;

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const RANDOM_BYTES = 16;

/** Drawn for 256 ids at once, as `crypto.randomUUID` does it: each call costs ten microseconds, which every event and every request would pay. */
const drawn = new Uint8Array(256 * RANDOM_BYTES);
let used = drawn.length;

/** A new id: prefix + 10 characters of milliseconds + 16 random characters (80 bits), Crockford base 32, lower case. */
export function newId(kind: IdKind, now: number = Date.now()): string {
  return idOf(kind, now, nextRandom());
}

/** The same for the same time and `seed`: whoever comes second to say something finds that it was said. */
export function idFrom(kind: IdKind, now: number, seed: string): string {
  return idOf(kind, now, createHash("sha256").update(seed).digest().subarray(0, RANDOM_BYTES));
}

function nextRandom(): Uint8Array {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  used += RANDOM_BYTES;
  return drawn.subarray(used - RANDOM_BYTES, used);
}

function idOf(kind: IdKind, now: number, bytes: Uint8Array): string {
  let time = "";
  // A clock that tells parts of a millisecond has none of the alphabet's characters for them.
  let rest = Math.floor(now);
  for (let index = 0; index < 10; index++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let random = "";
  for (const byte of bytes) random += ALPHABET[byte % 32];
  return prefixes[kind] + time + random;
}

/** Whether a text has the shape of an id of this kind; anything else can be answered 404 without a query. */
export function isId(kind: IdKind, text: string): boolean {
  const prefix = prefixes[kind];
  return text.startsWith(prefix) && /^[0-9a-z]{26}$/.test(text.slice(prefix.length));
}
