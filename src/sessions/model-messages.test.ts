// Every kind of content block reaches the model in a form that it can read.
import { expect, test } from "vitest";
import type { MessageBlock, ResultBlock } from "../contract/content.ts";
import { toParts } from "./model-messages.ts";

const data = "QUJD";
test.each<[string, MessageBlock | ResultBlock, unknown[]]>([
  ["text", { type: "text", text: "a" }, [{ type: "text", text: "a" }]],
  [
    "an image",
    { type: "image", source: { type: "base64", media_type: "image/png", data } },
    [{ type: "image", mediaType: "image/png", data }],
  ],
  [
    "an image elsewhere",
    { type: "image", source: { type: "url", url: "https://a.example/x.png" } },
    [{ type: "image_url", url: "https://a.example/x.png" }],
  ],
  [
    "a text document with its title",
    { type: "document", title: "Notes", source: { type: "text", media_type: "text/plain", data: "body" } },
    [
      { type: "text", text: "Document: Notes" },
      { type: "text", text: "body" },
    ],
  ],
  [
    "a file",
    { type: "document", title: "a.pdf", source: { type: "base64", media_type: "application/pdf", data } },
    [
      { type: "text", text: "Document: a.pdf" },
      { type: "file", mediaType: "application/pdf", data, name: "a.pdf" },
    ],
  ],
  [
    "a document elsewhere is named",
    { type: "document", source: { type: "url", url: "https://a.example/a.pdf" } },
    [{ type: "text", text: expect.stringContaining("https://a.example/a.pdf") }],
  ],
  [
    "a search result",
    {
      type: "search_result",
      title: "T",
      source: "S",
      content: [{ type: "text", text: "c" }],
      citations: { enabled: false },
    },
    [{ type: "text", text: "T\nS\nc" }],
  ],
])("%s", (_name, block, parts) => expect(toParts(block)).toEqual(parts));
