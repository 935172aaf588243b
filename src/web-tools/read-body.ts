// What an answer's bytes are: a page, a text, an image, a PDF, or something that a model can't read. Pure.
import { imageTypeOf } from "../lib/image-type.ts";

export type ReadBody =
  | { kind: "page" | "text"; text: string; mediaType: string }
  | { kind: "image" | "pdf"; mediaType: string; bytes: Buffer }
  | { kind: "other"; mediaType: string };

const PDF = "application/pdf";
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
const TEXTUAL =
  /^(text\/.*|application\/(.*\+)?(json|xml|yaml|x-yaml|toml|javascript|x-javascript|ecmascript|x-sh|sql|x-ndjson|graphql|rtf|x-tex)|image\/svg\+xml|message\/.*)$/;
const MEDIA_TYPE = /^[a-z]{1,16}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}$/;
const HTML = /^(text\/html|application\/xhtml\+xml)$/;
/** After decompression. */
const MAX_BYTES = 5 * 1024 * 1024;
const MAX_PDF_BYTES = 20 * 1024 * 1024;
/** Where the HTML standard looks for a page's own word about its encoding. */
const META_BYTES = 1024;

/** How much of an answer is read: of a PDF all is needed, of a text the beginning will do. */
export function maxBytesOf(contentType: string): number {
  return contentType.toLowerCase().startsWith(PDF) ? MAX_PDF_BYTES : MAX_BYTES;
}

export function readBody(body: Buffer, contentType: string): ReadBody {
  const said = (contentType.split(";", 1)[0] ?? "").trim().toLowerCase();
  // It is repeated to the model: what is no media type is nothing that the server said.
  const declared = MEDIA_TYPE.test(said) ? said : "";
  const mediaType = declared || (looksLikeText(body) ? "text/plain" : "application/octet-stream");
  if (mediaType === PDF || (!TEXTUAL.test(mediaType) && body.subarray(0, 5).toString("latin1") === "%PDF-"))
    return { kind: "pdf", mediaType: PDF, bytes: body };
  if (IMAGES.has(mediaType)) {
    // A provider refuses what is said to be something else, in each request from then on.
    const image = imageTypeOf(body);
    return image ? { kind: "image", mediaType: image, bytes: body } : { kind: "other", mediaType };
  }
  // Many servers say "octet-stream" of what they do not know, a text among it.
  const isText = TEXTUAL.test(mediaType) || (mediaType === "application/octet-stream" && looksLikeText(body));
  if (!isText && !HTML.test(mediaType)) return { kind: "other", mediaType };
  const text = decode(body, contentType);
  const isPage = HTML.test(mediaType) || (declared === "" && /^\s*(<!doctype html|<html)/i.test(text.slice(0, 500)));
  return { kind: isPage ? "page" : "text", text, mediaType };
}

/** A byte order mark first, then what the server says, then what the page says, then UTF-8: as browsers do. */
function decode(body: Buffer, contentType: string): string {
  const decoder =
    decoderOf(markOf(body)) ??
    decoderOf(/charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType)?.[1]) ??
    decoderOf(/charset\s*=\s*["']?([^\s;"'/>]+)/i.exec(body.subarray(0, META_BYTES).toString("latin1"))?.[1]) ??
    new TextDecoder();
  // JSON columns can't hold NUL; the others are nothing that a text needs.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return decoder.decode(body).replace(/[\0-\x08\x0b\x0e-\x1f\x7f]/g, "");
}

function markOf(body: Buffer): string | undefined {
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf) return "utf-8";
  if (body[0] === 0xfe && body[1] === 0xff) return "utf-16be";
  return body[0] === 0xff && body[1] === 0xfe ? "utf-16le" : undefined;
}

/** Undefined for an encoding that nobody knows, such as UTF-7, which browsers do not know either. */
function decoderOf(label: string | undefined): TextDecoder | undefined {
  if (label === undefined) return undefined;
  try {
    return new TextDecoder(label);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function looksLikeText(body: Buffer): boolean {
  const start = body.subarray(0, 4096);
  if (markOf(start) !== undefined) return true;
  if (start.includes(0)) return false;
  const text = new TextDecoder().decode(start, { stream: true });
  return !text.includes("\uFFFD");
}
