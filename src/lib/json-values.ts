// How many names and values a JSON text holds, before anything is made of them: each takes up to a hundred times its bytes.

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
/** `,`, `:`, `[` and `{`: what comes before each value, and each name, but the first one. */
const BEFORE_A_VALUE = new Set([0x2c, 0x3a, 0x5b, 0x7b]);

/** Whether it holds more than `max` of them. Of what is no JSON it may say either. */
export function holdsMoreValues(bytes: Uint8Array, max: number): boolean {
  if (bytes.byteLength <= max) return false;
  let count = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) inString = !inString;
    else if (inString) at += byte === BACKSLASH ? 1 : 0;
    else if (BEFORE_A_VALUE.has(byte) && ++count > max) return true;
  }
  return false;
}
