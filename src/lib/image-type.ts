// What kind of image bytes are, whatever somebody says of them.

export type ImageType = "image/png" | "image/jpeg" | "image/gif" | "image/webp";

/** The media type of an image that models can see, by its first 12 bytes; null: it is none. */
export function imageTypeOf(start: Buffer): ImageType | null {
  const ascii = start.toString("latin1", 0, 12);
  if (ascii.startsWith("\x89PNG\r\n\x1a\n")) return "image/png";
  if (ascii.startsWith("\xff\xd8\xff")) return "image/jpeg";
  if (ascii.startsWith("GIF87a") || ascii.startsWith("GIF89a")) return "image/gif";
  if (ascii.startsWith("RIFF") && ascii.slice(8) === "WEBP") return "image/webp";
  return null;
}
