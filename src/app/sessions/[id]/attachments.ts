// Files that go along with a message: images, PDFs and texts as content blocks; anything else is put into the sandbox.
import type { MessageBlock } from "../../../contract/content.ts";

export type Attachment = { key: string; name: string } & (
  | { kind: "block"; block: MessageBlock; bytes: number }
  /** Uploaded when the message is sent, and named in it. */
  | { kind: "upload"; file: Blob; bytes: number }
);

const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
const MB = 1024 * 1024;
/** The API takes 20 MB of base64 in a block. */
const MAX_BINARY_BYTES = 15 * MB;
const MAX_TEXT_BYTES = 4 * MB;
/** Of all blocks of a message, as they are sent: a request holds 32 MB. */
const MAX_INLINE_BYTES = 28 * MB;
/** A file in one request. */
const MAX_UPLOAD_BYTES = 32 * MB;

/** `inlineBytes`: what the message holds already. Throws with words for the person who added the file. */
export async function readAttachment(
  file: File,
  { key, inlineBytes }: { key: string; inlineBytes: number },
): Promise<Attachment> {
  const name = file.name || "pasted";
  if (file.size === 0) throw new Error(`${name} is empty.`);
  if (file.size > MAX_UPLOAD_BYTES) throw new Error(`${name} is larger than 32 MB.`);
  const block = await toBlock(file, name);
  const bytes = block ? sentBytes(block) : file.size;
  if (block && inlineBytes + bytes <= MAX_INLINE_BYTES) return { key, name, kind: "block", block, bytes };
  return { key, name, kind: "upload", file, bytes: file.size };
}

/** What the blocks among these take of a message. */
export function inlineBytesOf(attachments: readonly Attachment[]): number {
  return attachments.reduce((sum, one) => sum + (one.kind === "block" ? one.bytes : 0), 0);
}

/** Null: it is for the sandbox. */
async function toBlock(file: File, name: string): Promise<MessageBlock | null> {
  const imageType = IMAGE_TYPES.find((type) => type === file.type);
  if (imageType) {
    if (file.size > MAX_BINARY_BYTES) return null;
    return { type: "image", source: { type: "base64", media_type: imageType, data: toBase64(await toBytes(file)) } };
  }
  if (file.size > MAX_BINARY_BYTES) return null;
  const bytes = await toBytes(file);
  const title = name.slice(0, 500);
  if (isPdf(bytes)) {
    const source = { type: "base64", media_type: "application/pdf", data: toBase64(bytes) } as const;
    return { type: "document", source, title };
  }
  const text = bytes.length > MAX_TEXT_BYTES ? null : decodeText(bytes);
  return text === null
    ? null
    : { type: "document", source: { type: "text", media_type: "text/plain", data: text }, title };
}

function sentBytes(block: MessageBlock): number {
  if (block.type === "text") return block.text.length;
  return block.source.type === "url" ? block.source.url.length : block.source.data.length;
}

async function toBytes(file: File): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

/** By its first bytes: what a browser says of a type is the file's ending. */
function isPdf(bytes: Uint8Array): boolean {
  return String.fromCharCode(...bytes.subarray(0, 5)) === "%PDF-";
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
