// Which files are shown as what.
import { expect, test } from "vitest";
import { formatBytes } from "../../../components/format.ts";
import { fileKind, languageOf } from "./file-kind.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each([
  ["photo.PNG", "\0\0", "image"],
  ["paper.pdf", "%PDF", "pdf"],
  ["data.csv", "a,b", "csv"],
  ["data.csv", "a\0b", "binary"],
  ["Makefile", "all:", "text"],
  ["core", "\x7fELF\0", "binary"],
  ["icon.svg", "<svg onload=alert(1)>", "text"],
  ["page.html", "<script>", "text"],
])("%s is shown as %s", (name, sample, kind) => expect(fileKind(name, bytes(sample))).toBe(kind));

test("UTF-16 with its mark is text, for all its NUL bytes", () => {
  expect(fileKind("notes.txt", Uint8Array.from([0xff, 0xfe, 0x61, 0x00]))).toBe("text");
  expect(fileKind("notes.txt", Uint8Array.from([0xfe, 0xff, 0x00, 0x61]))).toBe("text");
});

test.each([
  ["main.ts", "typescript"],
  ["a.b.py", "python"],
  ["ts", ""],
  [".ts", "typescript"],
])("%s has the language %j", (name, language) => expect(languageOf(name)).toBe(language));

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_500, "1.5 kB"],
  [52_000, "52 kB"],
  [1_234_567, "1.2 MB"],
  [5_000_000_000, "5.0 GB"],
])("%i is %s", (size, text) => expect(formatBytes(size)).toBe(text));
