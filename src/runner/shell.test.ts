// Finding the end of a command in its output, however the bytes are cut.
import { describe, expect, it } from "vitest";
import { Output } from "./output.ts";
import { MarkScanner, shownResult } from "./shell.ts";

const MARK = "__MARK__";

function scan(chunks: Buffer[]): { code: number | null; text: string } {
  const output = new Output({ path: "/nonexistent", maxFileBytes: 0 });
  const scanner = new MarkScanner(MARK, output);
  let code: number | null = null;
  for (const chunk of chunks) code ??= scanner.take(chunk);
  if (code === null) scanner.flush();
  return { code, text: output.shown().content };
}

describe("the end of a command", () => {
  const stream = Buffer.from(`one\n__MAR not yet\n\n${MARK}42\n`);
  it("is found wherever the bytes are cut", () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(scan([stream.subarray(0, cut), stream.subarray(cut)]), `cut at ${cut}`).toEqual({
        code: 42,
        text: "one\n__MAR not yet",
      });
    }
    expect(scan([...stream].map((byte) => Buffer.from([byte])))).toEqual({ code: 42, text: "one\n__MAR not yet" });
  });
  it("is not the mark without a line of its own", () => {
    expect(scan([Buffer.from(`echo ${MARK}0`)])).toEqual({ code: null, text: `echo ${MARK}0` });
  });
});

describe("what the model is shown", () => {
  const ended = (exitCode: number) =>
    ({ outcome: exitCode === 0 ? "ok" : "failed", exitCode, problem: null, freshShell: false }) as const;
  it("is the output, or the exit code where there is none", () => {
    expect(shownResult(ended(0), "out")).toBe("out");
    expect(shownResult(ended(0), "")).toBe("");
    expect(shownResult(ended(3), "")).toBe("exit 3");
    expect(shownResult(ended(3), "why")).toBe("why");
  });
  it("is what went wrong first, then what was written until then", () => {
    const lost = { outcome: "failed", exitCode: null, problem: "bash: timed out", freshShell: false } as const;
    expect(shownResult(lost, "so far")).toBe("bash: timed out\nso far");
    expect(shownResult(lost, "")).toBe("bash: timed out");
  });
});
