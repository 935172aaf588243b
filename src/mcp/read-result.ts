// What an MCP server answered, as the content of a tool result. Pure.
import { type ContentBlock, ContentBlockSchema } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { ResultBlock } from "../contract/content.ts";
import { imageTypeOf } from "../lib/image-type.ts";

/** What the model is shown of texts at most; as much as of a command's output. */
export const SHOWN_BYTES = 100 * 1024;
/** Of one image or document, in base64. */
const MAX_DATA_LENGTH = 5_000_000;
/** Of all images and documents of one result. */
const MAX_ALL_DATA_LENGTH = 10_000_000;
const MAX_BLOCKS = 100;

/** A result as far as it has to be one: what the tool did is done, so that the rest is read piece by piece. */
export const saidResult = z.looseObject({
  content: z.array(z.unknown()).default([]),
  structuredContent: z.unknown().optional(),
  isError: z.unknown().optional(),
});
export type SaidResult = z.input<typeof saidResult>;

export type ReadResult = {
  content: ResultBlock[];
  isError: boolean;
  /** All texts, one after another, when they are more than the model is shown; `content` has none of them then. */
  longText: string | null;
};

export function readResult(result: SaidResult): ReadResult {
  const blocks = (result.content ?? []).flatMap(readBlock);
  if (blocks.length === 0 && result.structuredContent != null)
    blocks.push({ type: "text", text: JSON.stringify(result.structuredContent, null, 2) });
  const texts = blocks.flatMap((block) => (block.type === "text" ? [block.text] : []));
  const others = blocks.filter((block) => block.type !== "text");
  const isError = result.isError === true;
  const tooLong = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) > SHOWN_BYTES;
  const kept = withinLimits(others);
  const left = others.length - kept.length;
  if (!tooLong && blocks.length <= MAX_BLOCKS && left === 0) return { content: blocks, isError, longText: null };
  const note: ResultBlock[] =
    left > 0 ? [{ type: "text", text: `(${left} more images and documents were left out)` }] : [];
  const text = texts.join("\n");
  if (tooLong) return { content: [...kept, ...note], isError, longText: text };
  return { content: [...textOf(text), ...kept, ...note], isError, longText: null };
}

function withinLimits(others: readonly ResultBlock[]): ResultBlock[] {
  let length = 0;
  const end = others.findIndex((block, index) => {
    const source = "source" in block && typeof block.source === "object" ? block.source : null;
    length += source?.type === "base64" ? source.data.length : 0;
    return index >= MAX_BLOCKS || length > MAX_ALL_DATA_LENGTH;
  });
  return end === -1 ? [...others] : others.slice(0, end);
}

function readBlock(said: unknown): ResultBlock[] {
  const parsed = ContentBlockSchema.safeParse(said);
  if (parsed.success) return toBlocks(parsed.data);
  const type = typeof said === "object" && said !== null && "type" in said ? said.type : said;
  return textOf(`(a piece of type ${String(JSON.stringify(type)).slice(0, 100)}, which can't be read)`);
}

function toBlocks(block: ContentBlock): ResultBlock[] {
  switch (block.type) {
    case "text":
      return textOf(block.text);
    case "image":
      return dataOf(block.mimeType, block.data, "an image");
    case "audio":
      return dataOf(block.mimeType, block.data, "a sound");
    case "resource": {
      const { resource } = block;
      if ("text" in resource) return textOf(`[${resource.uri}]\n${resource.text}`);
      return dataOf(resource.mimeType ?? "application/octet-stream", resource.blob, resource.uri);
    }
    case "resource_link": {
      const about = [block.mimeType, block.description].filter(Boolean).join(", ");
      return textOf(`[${block.title ?? block.name}: ${block.uri}${about ? ` (${about})` : ""}]`);
    }
  }
}

/** JSON columns can't hold NUL. */
function textOf(text: string): ResultBlock[] {
  const shown = text.replaceAll("\0", "\uFFFD").toWellFormed();
  return shown === "" ? [] : [{ type: "text", text: shown }];
}

/** What it is, its bytes say: a provider refuses what is said to be something else, in each request from then on. */
function dataOf(mediaType: string, said: string, what: string): ResultBlock[] {
  const bytes = Math.floor((said.length * 3) / 4);
  const left = () => textOf(`(${what} of type ${mediaType}, ${bytes} bytes, which can't be shown)`);
  if (said.length > MAX_DATA_LENGTH || !/^[A-Za-z0-9+/]+={0,2}$/.test(said)) return left();
  const decoded = Buffer.from(said, "base64");
  const data = decoded.toString("base64");
  const image = imageTypeOf(decoded);
  if (image) return [{ type: "image", source: { type: "base64", media_type: image, data } }];
  if (decoded.toString("latin1", 0, 5) === "%PDF-")
    return [{ type: "document", source: { type: "base64", media_type: "application/pdf", data } }];
  return left();
}

/** The beginning and the end of a text that is too long. `where`: to complete "…; the whole is in". */
export function shortened(text: string, where: string | null): string {
  const bytes = Buffer.from(text);
  const half = SHOWN_BYTES / 2;
  const [head, tail] = [bytes.subarray(0, half).toString("utf8"), bytes.subarray(-half).toString("utf8")];
  const rest = where === null ? "the rest could not be kept" : `the whole result is in ${where}`;
  const left = bytes.length - SHOWN_BYTES;
  return `${head}\n[result truncated: ${left} bytes in the middle are left out; ${rest}]\n${tail}`.replaceAll(
    "\uFFFD",
    "",
  );
}
