// Authenticated encryption of one value: AES-256-GCM, bound to the place where it belongs. Pure but for random numbers.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** First byte of everything sealed, so that another form can be told apart one day. */
const FORM = 1;

/** Where a sealed value belongs: what it is, then every id that it is of. Anywhere else it does not open. */
export type Binding = readonly [what: string, ...ids: (string | number)[]];

/** What does not open: another key, another place, or not what was sealed. Never says which bytes. */
export class SealBroken extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(`A sealed ${what} does not open: it was changed, moved, or sealed with another key.`, options);
    this.name = "SealBroken";
  }
}

/** form (1 byte) · nonce (12) · ciphertext · tag (16) */
export function seal(key: Buffer, plain: Uint8Array, binding: Binding): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated(binding));
  return Buffer.concat([Buffer.of(FORM), nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Throws `SealBroken`. */
export function unseal(key: Buffer, sealed: Uint8Array, binding: Binding): Buffer {
  const bytes = Buffer.from(sealed);
  // A shortened tag is easier to guess: nothing but the whole one is looked at.
  if (bytes[0] !== FORM || bytes.length < 1 + NONCE_BYTES + TAG_BYTES) throw new SealBroken(binding[0]);
  const end = bytes.length - TAG_BYTES;
  try {
    const nonce = bytes.subarray(1, 1 + NONCE_BYTES);
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associated(binding));
    decipher.setAuthTag(bytes.subarray(end));
    return Buffer.concat([decipher.update(bytes.subarray(1 + NONCE_BYTES, end)), decipher.final()]);
  } catch (cause) {
    throw new SealBroken(binding[0], { cause });
  }
}

/** As JSON, so that no two bindings have the same bytes. */
function associated(binding: Binding): Buffer {
  return Buffer.from(JSON.stringify(["berth", FORM, ...binding]));
}
