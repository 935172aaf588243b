// The bytes of a file as text, and in which encoding they were read.

type Decoded = { text: string; encoding: "UTF-8" | "UTF-16" | "Windows-1252" };

/** What is not UTF-8 is mostly the older Western one, in which every byte is a character: nothing is lost without a word. */
export function decodeText(bytes: Uint8Array): Decoded {
  const mark = `${bytes[0]} ${bytes[1]}`;
  if (mark === "255 254") return { text: new TextDecoder("utf-16le").decode(bytes), encoding: "UTF-16" };
  if (mark === "254 255") return { text: new TextDecoder("utf-16be").decode(bytes), encoding: "UTF-16" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "UTF-8" };
  } catch {
    // It says only that these bytes are no UTF-8.
    return { text: new TextDecoder("windows-1252").decode(bytes), encoding: "Windows-1252" };
  }
}
