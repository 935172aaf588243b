// What a result of an MCP server may put before the model, into the log and into memory.
import { expect, it } from "vitest";
import { readResult } from "./read-result.ts";

const text = (words: string) => ({ type: "text" as const, text: words });
const PNG = "iVBORw0KGgoA";
const image = (length: number) => ({ type: "image", mimeType: "image/png", data: PNG.padEnd(length, "A") });

it("shows many short texts as one, whole and once", () => {
  const { content, longText } = readResult({
    content: Array.from({ length: 150 }, (_, index) => text(`line ${index}`)),
  });
  expect(longText).toBeNull();
  expect(content).toEqual([
    { type: "text", text: Array.from({ length: 150 }, (_, index) => `line ${index}`).join("\n") },
  ]);
});

it("keeps ten million characters of images, and says how many are left out", () => {
  const { content } = readResult({ content: [text("seen"), ...Array.from({ length: 6 }, () => image(4_000_000))] });
  expect(content.map((block) => (block.type === "text" ? block.text : block.type))).toEqual([
    ...["seen", "image", "image", "(4 more images and documents were left out)"],
  ]);
});

it("names what is no image that it can show, without a character that the log can't hold", () => {
  const { content } = readResult({
    content: [
      { ...image(8), mimeType: "image/x\0y", data: "AAAAAAAA" },
      { ...image(8), data: "not base64!" },
      text("a\0\ud800"),
    ],
  });
  expect(content).toEqual([
    { type: "text", text: "(an image of type image/x\uFFFDy, 6 bytes, which can't be shown)" },
    { type: "text", text: '(a piece of type "image", which can\'t be read)' },
    { type: "text", text: "a\uFFFD\uFFFD" },
  ]);
});

it("takes what bytes are for what they are: what a provider refuses would be refused in each request from then on", () => {
  const page = Buffer.from("<html>not found</html>").toString("base64");
  const { content } = readResult({
    content: [
      { type: "image", mimeType: "image/jpeg", data: PNG },
      { type: "image", mimeType: "image/png", data: page },
      { type: "resource", resource: { uri: "a.pdf", mimeType: "application/pdf", blob: page } },
    ],
  });
  expect(content).toEqual([
    { type: "image", source: { type: "base64", media_type: "image/png", data: PNG } },
    { type: "text", text: "(an image of type image/png, 24 bytes, which can't be shown)" },
    { type: "text", text: "(a.pdf of type application/pdf, 24 bytes, which can't be shown)" },
  ]);
});
