// What a person drops becomes a block of the API, or a sentence that says why not.
import { expect, test } from "vitest";
import { readAttachment } from "./attachments.ts";

const file = (parts: BlobPart[], name: string, type = "") => readAttachment(new File(parts, name, { type }), "k");

test("an image is sent as base64", async () => {
  const { block } = await file([new Uint8Array([137, 80, 78, 71])], "a.png", "image/png");
  expect(block).toEqual({ type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw==" } });
});

test("a text is sent as a document with its name, whatever type the browser gives it", async () => {
  const { block } = await file(["print('ä')"], "a.py", "text/x-python");
  expect(block).toEqual({
    type: "document",
    source: { type: "text", media_type: "text/plain", data: "print('ä')" },
    title: "a.py",
  });
});

test.each<[string, BlobPart[], RegExp]>([
  ["binary", [new Uint8Array([0, 1, 2])], /neither a text nor an image/],
  ["not UTF-8", [new Uint8Array([0xff, 0xfe])], /neither a text nor an image/],
  ["empty", [], /is empty/],
])("%s is refused in words", async (_name, parts, words) => {
  await expect(file(parts, "x.bin")).rejects.toThrow(words);
});
