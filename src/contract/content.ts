// Content blocks of messages and tool results, as the Managed Agents API has them.
import { z } from "zod";

/** 20 MB of base64 in one block; the whole body is limited to 32 MB. */
const MAX_BASE64_LENGTH = 20 * 1024 * 1024;
const MAX_TEXT_LENGTH = 4 * 1024 * 1024;

const base64 = z
  .string()
  .min(1)
  .max(MAX_BASE64_LENGTH)
  .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, "must be base64");
const httpsUrl = z.url({ protocol: /^https?$/ }).max(4096);

export const textBlock = z.strictObject({ type: z.literal("text"), text: z.string().min(1).max(MAX_TEXT_LENGTH) });

export const imageBlock = z.strictObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("base64"),
      media_type: z.enum(["image/png", "image/jpeg", "image/gif", "image/webp"]),
      data: base64,
    }),
    z.strictObject({ type: z.literal("url"), url: httpsUrl }),
  ]),
});

export const documentBlock = z.strictObject({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("base64"), media_type: z.string().min(3).max(255), data: base64 }),
    z.strictObject({
      type: z.literal("text"),
      media_type: z.literal("text/plain"),
      data: z.string().min(1).max(MAX_TEXT_LENGTH),
    }),
    z.strictObject({ type: z.literal("url"), url: httpsUrl }),
  ]),
  title: z.string().max(500).nullish(),
  context: z.string().max(10_000).nullish(),
});

export const searchResultBlock = z.strictObject({
  type: z.literal("search_result"),
  source: z.string().max(4096),
  title: z.string().max(1000),
  content: z.array(z.strictObject({ type: z.literal("text"), text: z.string().max(MAX_TEXT_LENGTH) })).max(100),
  citations: z.strictObject({ enabled: z.boolean() }),
});

export const messageBlock = z.discriminatedUnion("type", [textBlock, imageBlock, documentBlock]);
export const resultBlock = z.discriminatedUnion("type", [textBlock, imageBlock, documentBlock, searchResultBlock]);

export type TextBlock = z.infer<typeof textBlock>;
export type ImageBlock = z.infer<typeof imageBlock>;
export type MessageBlock = z.infer<typeof messageBlock>;
export type ResultBlock = z.infer<typeof resultBlock>;
