// What an MCP server answered, as the content of a tool result. Pure.
import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/sdk/types.js";
import type { ImageBlock, ResultBlock } from "../contract/content.ts";

/** What the model is shown of texts at most; as much as of a command's output. */
export const SHOWN_BYTES = 100 * 1024;
/** Of one image or document, in base64. */
const MAX_DATA_LENGTH = 5_000_000;
/** Of all images and documents of one result. */
const MAX_ALL_DATA_LENGTH = 10_000_000;
const MAX_BLOCKS = 100;

const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"] as const;
type ImageType = Extract<ImageBlock["source"], { type: "base64" }>["media_type"];

export type ReadResult = {
  content: ResultBlock[];
  isError: boolean;
  /** All texts, one after another, when they are more than the model is shown; `content` has none of them then. */
  longText: string | null;
};

export function readResult(result: CallToolResult): ReadResult {
  const blocks = result.content.flatMap(toBlocks);
  if (blocks.length === 0 && result.structuredContent !== undefined)
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

function dataOf(mediaType: string, data: string, what: string): ResultBlock[] {
  const isBase64 = /^[A-Za-z0-9+/_-]+={0,2}$/.test(data);
  if (!isBase64 || data.length > MAX_DATA_LENGTH)
    return textOf(`(${what} of type ${mediaType}, ${Math.floor((data.length * 3) / 4)} bytes, which can't be shown)`);
  const image = IMAGE_TYPES.find((known): known is ImageType => known === mediaType);
  if (image) return [{ type: "image", source: { type: "base64", media_type: image, data } }];
  if (mediaType === "application/pdf")
    return [{ type: "document", source: { type: "base64", media_type: mediaType, data } }];
  return textOf(`(${what} of type ${mediaType}, which can't be shown)`);
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
