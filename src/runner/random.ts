// Random text and short fingerprints without loading OpenSSL, which would cost every sandbox time and memory.
import { closeSync, openSync, readSync } from "node:fs";

/** Unguessable hexadecimal text from the kernel, two characters a byte. */
export function randomHex(bytes: number): string {
  const fd = openSync("/dev/urandom", "r");
  try {
    const buffer = Buffer.alloc(bytes);
    readSync(fd, buffer, 0, bytes, null);
    return buffer.toString("hex");
  } finally {
    closeSync(fd);
  }
}

/** Tells different texts apart (53 bits, cyrb53). Not for secrets: whoever wants to can make two alike. */
export function fingerprint(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  return (4294967296 * (2097151 & low) + (high >>> 0)).toString(36);
}

/** Whether two texts are the same, in a time that depends on the first one's length only. */
export function sameSecret(expected: string, given: string): boolean {
  let difference = expected.length ^ given.length;
  for (let index = 0; index < expected.length; index++) {
    difference |= expected.charCodeAt(index) ^ (given.charCodeAt(index) || 0);
  }
  return difference === 0;
}
