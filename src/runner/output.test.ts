// Output of commands: what is shown, what is kept, and what those who follow it get.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, test, vi } from "vitest";
import { Output, SHOWN_BYTES, toShownText } from "./output.ts";

const directory = mkdtempSync(join(tmpdir(), "berth-output-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let counter = 0;
const make = (maxFileBytes = 1 << 20) => {
  const path = join(directory, `${counter++}.txt`);
  return { output: new Output({ path, maxFileBytes }), path };
};

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
    output.end({ keepFile: true });
    expect(existsSync(path)).toBe(true);
  });

  it("just above the limit, still in memory, is put into the file when it is shown", () => {
    const { output, path } = make();
    output.append(Buffer.alloc(SHOWN_BYTES + 10, "b"));
    expect(output.shown().content).toContain("output truncated: 10 bytes");
    expect(readFileSync(path)).toHaveLength(SHOWN_BYTES + 10);
    output.end({ keepFile: false });
    expect(existsSync(path)).toBe(false);
  });

  it("beyond the file's cap goes on being counted and says what is kept", () => {
    const { output, path } = make(200_000);
    for (let index = 0; index < 10; index++) output.append(Buffer.alloc(50_000, "c"));
    expect(output.totalBytes).toBe(500_000);
    expect(output.shown().content).toContain("the first 200000 bytes are in");
    expect(readFileSync(path)).toHaveLength(200_000);
    output.end({ keepFile: false });
  });

  it("goes on when the file can't be written, and says so", () => {
    const output = new Output({ path: "/dev/null/file", maxFileBytes: 1 << 20 });
    output.append(Buffer.alloc(300_000, "d"));
    const shown = output.shown();
    expect(shown.content).toContain("the rest could not be kept");
    expect(shown.fullOutputPath).toBeUndefined();
  });

  it("that has ended keeps its file only where the shown text refers to it", () => {
    const { output, path } = make();
    output.append(Buffer.alloc(300_000, "f"));
    expect(existsSync(path)).toBe(true);
    output.end({ keepFile: false });
    expect(existsSync(path)).toBe(false);
  });
});

describe("following", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Reads on by itself; `pieces` is what has come. */
  function follow(output: Output, from = 0) {
    const pieces: { offset: number; text: string }[] = [];
    const leaving = new AbortController();
    const ended = (async () => {
      for await (const { offset, bytes } of output.follow(from, leaving.signal))
        pieces.push({ offset, text: Buffer.from(bytes).toString() });
    })();
    return { pieces, ended, leave: () => leaving.abort() };
  }

  it("gives what is new ten times a second, from any byte on", async () => {
    const { output } = make();
    output.append(Buffer.from("first\n"));
    const early = follow(output);
    const late = follow(output, 4);
    await vi.advanceTimersByTimeAsync(99);
    expect(early.pieces).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(early.pieces).toEqual([{ offset: 0, text: "first\n" }]);
    expect(late.pieces).toEqual([{ offset: 4, text: "t\n" }]);
    for (const text of ["a", "b", "c"]) output.append(Buffer.from(text));
    await vi.advanceTimersByTimeAsync(100);
    expect(early.pieces.slice(1)).toEqual([{ offset: 6, text: "abc" }]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(early.pieces).toHaveLength(2);
    output.end({ keepFile: false });
    await Promise.all([early.ended, late.ended]);
  });

  it("gives nothing of a command that ends at once: its result tells it", async () => {
    const { output } = make();
    const { pieces, ended } = follow(output);
    output.append(Buffer.from("done"));
    await vi.advanceTimersByTimeAsync(50);
    output.end({ keepFile: false });
    await ended;
    expect(pieces).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("of a flood gives the beginning and the newest, twice a second, however much was kept", async () => {
    const { output } = make(100_000);
    const { pieces, leave, ended } = follow(output);
    let written = 0;
    const flood = (lines: number) => {
      for (let line = 0; line < lines; line++) {
        const text = Buffer.from(`${written} ${"x".repeat(89)}\n`);
        output.append(text);
        written += text.length;
      }
    };
    flood(5_000);
    await vi.advanceTimersByTimeAsync(100);
    const [head, tail] = pieces;
    expect(head).toMatchObject({ offset: 0, text: expect.stringMatching(/^0 x/) });
    expect(head?.text).toHaveLength(8 * 1024);
    expect(tail?.text).toMatch(new RegExp(`^${tail?.offset} x`));
    expect((tail?.offset ?? 0) + (tail?.text.length ?? 0)).toBe(written);
    expect(tail?.text.length).toBeGreaterThan(8_000);
    expect(pieces).toHaveLength(2);
    flood(5_000);
    await vi.advanceTimersByTimeAsync(499);
    expect(pieces).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(pieces).toHaveLength(3);
    expect(pieces[2]?.text).toMatch(new RegExp(`^${pieces[2]?.offset} x`));
    expect((pieces[2]?.offset ?? 0) + (pieces[2]?.text.length ?? 0)).toBe(written);
    leave();
    await ended;
    output.end({ keepFile: false });
  });

  it("stops at once when the follower leaves", async () => {
    const { output } = make();
    const { pieces, leave, ended } = follow(output);
    leave();
    await ended;
    expect(pieces).toEqual([]);
  });
});
