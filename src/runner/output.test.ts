// Output of commands: what is shown, what is kept, and reading it by offset.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import { Output, SHOWN_BYTES, toShownText, wholeCharacters } from "./output.ts";

const directory = mkdtempSync(join(tmpdir(), "berth-output-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let counter = 0;
const make = (maxFileBytes = 1 << 20) => {
  const path = join(directory, `${counter++}.txt`);
  return { output: new Output({ path, maxFileBytes }), path };
};

async function follow(output: Output, from = 0): Promise<string> {
  let text = "";
  let expected = from;
  for await (const piece of output.follow(from, new AbortController().signal)) {
    expect(piece.offset).toBe(expected);
    expected += Buffer.byteLength(piece.text);
    text += piece.text;
  }
  return text;
}

test.each([
  ["ascii", Buffer.from("abc"), 3],
  ["a whole two-byte character", Buffer.from("aä"), 3],
  ["half a two-byte character", Buffer.from("aä").subarray(0, 2), 1],
  ["three of four bytes", Buffer.from("x😀").subarray(0, 4), 1],
  ["a whole four-byte character", Buffer.from("x😀"), 5],
  ["nothing", Buffer.alloc(0), 0],
])("wholeCharacters of %s", (_name, bytes, expected) => {
  expect(wholeCharacters(bytes)).toBe(expected);
});

test("shown text has no colours, no NUL and no newlines at its end", () => {
  expect(toShownText(Buffer.from("\u001b[31mred\u001b[0m\0x\n\n"))).toBe("red\uFFFDx");
});

describe("output", () => {
  it("up to the limit is shown whole and makes no file", () => {
    const { output, path } = make();
    output.append(Buffer.from("a".repeat(SHOWN_BYTES - 2)));
    output.append(Buffer.from("zz"));
    const shown = output.shown();
    expect(shown.content).toHaveLength(SHOWN_BYTES);
    expect(shown.content.endsWith("azz")).toBe(true);
    expect(shown.fullOutputPath).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  });

  it("above the limit shows beginning and end, and the file has every byte", () => {
    const { output, path } = make();
    const bytes = Buffer.from(Array.from({ length: 30_000 }, (_, index) => `line ${index} ä\n`).join(""));
    for (let at = 0; at < bytes.length; at += 1000) output.append(bytes.subarray(at, at + 1000));
    const shown = output.shown();
    expect(shown.content).toMatch(/^line 0 ä\n/);
    expect(shown.content).toMatch(/line 29999 ä$/);
    expect(shown.content).not.toContain("\uFFFD");
    expect(Buffer.byteLength(shown.content)).toBeLessThan(SHOWN_BYTES + 500);
    expect(shown.fullOutputPath).toBe(path);
    expect(readFileSync(path).equals(bytes)).toBe(true);
    output.release({ keepFile: true });
    expect(existsSync(path)).toBe(true);
  });

  it("just above the limit, still in memory, is put into the file when it is shown", () => {
    const { output, path } = make();
    output.append(Buffer.alloc(SHOWN_BYTES + 10, "b"));
    expect(output.shown().content).toContain("output truncated: 10 bytes");
    expect(readFileSync(path)).toHaveLength(SHOWN_BYTES + 10);
    output.release({ keepFile: false });
    expect(existsSync(path)).toBe(false);
  });

  it("beyond the file's cap goes on being counted and says what is kept", () => {
    const { output, path } = make(200_000);
    for (let index = 0; index < 10; index++) output.append(Buffer.alloc(50_000, "c"));
    expect(output.totalBytes).toBe(500_000);
    expect(output.shown().content).toContain("the first 200000 bytes are in");
    expect(readFileSync(path)).toHaveLength(200_000);
    output.release({ keepFile: false });
  });

  it("goes on when the file can't be written, and says so", () => {
    const output = new Output({ path: "/dev/null/file", maxFileBytes: 1 << 20 });
    output.append(Buffer.alloc(300_000, "d"));
    const shown = output.shown();
    expect(shown.content).toContain("the rest could not be kept");
    expect(shown.fullOutputPath).toBeUndefined();
  });

  it("is followed from any byte, in memory and in the file, while it grows", async () => {
    const { output } = make();
    output.append(Buffer.from("first ä"));
    const early = follow(output);
    const late = follow(output, 6);
    await new Promise((resolve) => setImmediate(resolve));
    output.append(Buffer.alloc(200_000, "e"));
    output.append(Buffer.from("end"));
    output.end();
    const whole = `first ä${"e".repeat(200_000)}end`;
    expect(await early).toBe(whole);
    expect(await late).toBe(whole.slice(6));
    output.release({ keepFile: false });
  });

  it("is not taken from a follower who is still reading when it is released", async () => {
    const { output, path } = make();
    output.append(Buffer.alloc(300_000, "f"));
    const reading = output.follow(0, new AbortController().signal);
    const first = await reading.next();
    output.release({ keepFile: false });
    let length = first.value?.text.length ?? 0;
    for await (const piece of reading) length += piece.text.length;
    expect(length).toBe(300_000);
    expect(existsSync(path)).toBe(false);
  });

  it("stops following at once when the follower leaves", async () => {
    const { output } = make();
    const leaving = new AbortController();
    const pieces = (async () => {
      for await (const _piece of output.follow(0, leaving.signal)) expect.fail("there is no output");
    })();
    leaving.abort();
    await pieces;
  });
});
