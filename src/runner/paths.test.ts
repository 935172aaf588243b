// Confinement of paths: links are followed by our own rules before anything is opened.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { confine, fileErrorText, isWithin, resolveLinks } from "./paths.ts";

const root = mkdtempSync(join(tmpdir(), "berth-paths-"));
const inside = join(root, "inside");
const other = join(root, "other");
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeAll(() => {
  mkdirSync(join(inside, "deep"), { recursive: true });
  mkdirSync(other);
  writeFileSync(join(root, "secret"), "secret");
  symlinkSync("../secret", join(inside, "out"));
  symlinkSync("deep", join(inside, "in"));
  symlinkSync(`${root}/nothing`, join(inside, "dangling"));
  symlinkSync("loop", join(inside, "loop"));
  symlinkSync("../inside/deep/../../secret", join(inside, "winding"));
  symlinkSync(other, join(inside, "to-other"));
});

test("a directory does not contain one whose name begins with its own", () => {
  expect(isWithin("/workspace", "/workspace")).toBe(true);
  expect(isWithin("/workspace", "/workspace/a")).toBe(true);
  expect(isWithin("/workspace", "/workspaces")).toBe(false);
  expect(isWithin("/", "/a")).toBe(true);
});

describe("confine", () => {
  const ask = (path: string) => confine(path, [inside, other]);
  test.each([
    ["a new file", "new/file", "new/file"],
    ["dots", "deep/../x", "x"],
    ["an absolute path inside", join(inside, "x"), "x"],
    ["a link inside", "in/x", "deep/x"],
  ])("lets %s through", async (_name, path, expected) => {
    expect(await ask(path)).toBe(join(inside, expected));
  });
  it("lets a link into another permitted directory through, as the place it leads to", async () => {
    expect(await ask("to-other/x")).toBe(join(other, "x"));
  });
  test.each(["../secret", "out", "dangling", "winding", join(root, "secret"), "/etc/passwd", "in/../../secret"])(
    "refuses %s",
    async (path) => {
      await expect(ask(path)).rejects.toThrow("is outside the session's working directory");
    },
  );
  it("refuses loops and NUL", async () => {
    await expect(ask("loop/x")).rejects.toThrow('path "loop/x": too many levels of symbolic links');
    await expect(ask("a\0b")).rejects.toThrow("NUL");
  });
});

test("resolving answers what the system answers, also beyond the end of what exists", async () => {
  expect(await resolveLinks(join(inside, "winding"))).toBe(join(root, "secret"));
  expect(await resolveLinks(join(inside, "in/a/b/c"))).toBe(join(inside, "deep/a/b/c"));
});

test("file errors are told without the system's own words", () => {
  const error = (code: string) => Object.assign(new Error(`${code}: /secret/place`), { code });
  expect(fileErrorText(error("ENOSPC"), "a")).toBe("a: no space left on device");
  expect(fileErrorText(error("EWEIRD"), "a")).toBe("a: i/o error (EWEIRD)");
});
