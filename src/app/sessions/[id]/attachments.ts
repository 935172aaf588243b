// Files that are pasted or dropped become content blocks of a message: images, and texts as documents.
import type { MessageBlock } from "../../../contract/content.ts";

export type Attachment = { key: string; name: string; block: MessageBlock };

const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
/** The API takes 20 MB of base64 in a block. */
const MAX_IMAGE_BYTES = 15 * 1024 * 1024;
const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/** Throws with words for the person who dropped the file. */
export async function readAttachment(file: File, key: string): Promise<Attachment> {
  const name = file.name || "pasted";
  const imageType = IMAGE_TYPES.find((type) => type === file.type);
  if (imageType) {
    if (file.size > MAX_IMAGE_BYTES) throw new Error(`${name} is larger than 15 MB.`);
    const data = toBase64(await toBytes(file));
    return { key, name, block: { type: "image", source: { type: "base64", media_type: imageType, data } } };
  }
  if (file.size > MAX_TEXT_BYTES) throw new Error(`${name} is larger than 4 MB.`);
  const text = decodeText(await toBytes(file));
  if (text === null) throw new Error(`${name} is neither a text nor an image (PNG, JPEG, GIF, WebP).`);
  if (text === "") throw new Error(`${name} is empty.`);
  const source = { type: "text", media_type: "text/plain", data: text } as const;
  return { key, name, block: { type: "document", source, title: name.slice(0, 500) } };
}

async function toBytes(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

function decodeText(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text.includes("\u0000") ? null : text;
  } catch {
    // Not UTF-8, so not a text that can be sent.
    return null;
  }
}

/** In pieces: a call takes only so many arguments. */
function toBase64(bytes: Uint8Array): string {
  const PIECE = 0x8000;
  let binary = "";
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return btoa(binary);
}
