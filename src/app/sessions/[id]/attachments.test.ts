// What a person adds becomes a block of the API, or a file for the sandbox, or a sentence that says why not.
import { expect, test } from "vitest";
import { inlineBytesOf, readAttachment } from "./attachments.ts";

const read = (parts: BlobPart[], name: string, { type = "", inlineBytes = 0 } = {}) =>
  readAttachment(new File(parts, name, { type }), { key: "k", inlineBytes });
const MB = 1024 * 1024;

test("an image is sent as base64", async () => {
  const png = await read([new Uint8Array([137, 80, 78, 71])], "a.png", { type: "image/png" });
  expect(png).toMatchObject({
    kind: "block",
    block: { type: "image", source: { type: "base64", media_type: "image/png", data: "iVBORw==" } },
    bytes: 8,
  });
});

test("a text is sent as a document with its name, whatever type the browser gives it", async () => {
  expect(await read(["print('ä')"], "a.py", { type: "text/x-python" })).toMatchObject({
    kind: "block",
    block: {
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "print('ä')" },
      title: "a.py",
    },
  });
});

test("a PDF is sent as a document, whatever it is called; something else with its name is not", async () => {
  expect(await read(["%PDF-1.7\n", new Uint8Array([0xff, 0])], "report")).toMatchObject({
    kind: "block",
    block: { type: "document", source: { type: "base64", media_type: "application/pdf" }, title: "report" },
  });
  expect(await read([new Uint8Array([0, 1])], "fake.pdf", { type: "application/pdf" })).toMatchObject({
    kind: "upload",
  });
});

test.each<[string, BlobPart[], string]>([
  ["binary", [new Uint8Array([0, 1, 2])], ""],
  ["not UTF-8", [new Uint8Array([0xff, 0xfe])], "text/plain"],
  ["a text that is too long for a block", ["x".repeat(4 * MB + 1)], "text/plain"],
  ["an image that is too large for a block", [new Uint8Array(15 * MB + 1)], "image/png"],
])("%s goes into the sandbox", async (_name, parts, type) => {
  const attachment = await read(parts, "x.bin", { type });
  expect(attachment).toMatchObject({ kind: "upload", name: "x.bin" });
  expect(inlineBytesOf([attachment])).toBe(0);
});

test("what does not fit into the message any more goes into the sandbox", async () => {
  const first = await read(["y".repeat(MB)], "a.txt", { inlineBytes: 27 * MB });
  expect(first.kind).toBe("block");
  expect((await read(["y".repeat(MB)], "b.txt", { inlineBytes: 27 * MB + inlineBytesOf([first]) })).kind).toBe(
    "upload",
  );
});

test("an empty file and one that no request holds are refused in words", async () => {
  await expect(read([], "none.txt")).rejects.toThrow("none.txt is empty.");
  await expect(read([new Uint8Array(32 * MB + 1)], "huge.iso")).rejects.toThrow("huge.iso is larger than 32 MB.");
});
