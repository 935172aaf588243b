// A file's bytes become text without a loss that nobody is told of.
import { expect, test } from "vitest";
import { decodeText } from "./decode-text.ts";

test.each([
  ["UTF-8", [0x47, 0x72, 0xc3, 0xbc, 0xc3, 0x9f, 0x65], "Grüße", "UTF-8"],
  ["UTF-8 with a mark", [0xef, 0xbb, 0xbf, 0x61], "a", "UTF-8"],
  ["Latin-1", [0x47, 0x72, 0xfc, 0xdf, 0x65], "Grüße", "Windows-1252"],
  ["the euro sign of Windows", [0x80, 0x20, 0x35], "€ 5", "Windows-1252"],
  ["UTF-16, as Windows writes it", [0xff, 0xfe, 0x61, 0x00, 0xfc, 0x00], "aü", "UTF-16"],
  ["UTF-16, the other way round", [0xfe, 0xff, 0x00, 0x61], "a", "UTF-16"],
  ["nothing", [], "", "UTF-8"],
])("%s", (_what, bytes, text, encoding) => {
  expect(decodeText(Uint8Array.from(bytes))).toEqual({ text, encoding });
});
