// Places that are held open: what is opened is where the path had led to, or it is not opened.
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inDirectoryAt, openExactly, openForReading, openPlaceToWrite } from "./place.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "berth-place-")));
const inside = join(root, "inside");
afterAll(() => rmSync(root, { recursive: true, force: true }));
beforeAll(() => {
  mkdirSync(join(inside, "dir", "ä \n%"), { recursive: true });
  mkdirSync(join(root, "outside", "deep"), { recursive: true });
  mkdirSync(join(inside, "gone (deleted)"));
  writeFileSync(join(inside, "dir", "file"), "content");
  symlinkSync(join(root, "outside"), join(inside, "link"));
  symlinkSync("dir", join(inside, "in"));
});

test.each(["dir", "dir/ä \n%", "gone (deleted)"])("%j is opened", (name) => {
  closeSync(openExactly(join(inside, name)));
});

test.each([
  ["a link", "link"],
  ["a directory below a link", "link/deep"],
  ["a directory below a link that stays inside", "in/ä \n%"],
])("F2: %s that has taken a directory's place since its path was looked at is not opened", (_what, name) => {
  expect(() => openExactly(join(inside, name))).toThrow(/is a link|is elsewhere/);
});

test("what is none is told in the system's words", async () => {
  expect(() => openExactly(join(inside, "dir", "file"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  expect(() => openExactly(join(inside, "nothing"))).toThrow(expect.objectContaining({ code: "ENOENT" }));
  await expect(openForReading("nothing/file", [inside])).rejects.toMatchObject({ code: "ENOENT" });
  await expect(openPlaceToWrite("dir/file/x", [inside])).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(openPlaceToWrite("link/x", [inside])).rejects.toThrow("is outside the session's working directory");
});

test("a place is read, written and listed through links that lead inside", async () => {
  const handle = await openForReading("in/file", [inside]);
  try {
    expect(await handle.readFile("utf8")).toBe("content");
  } finally {
    await handle.close();
  }
  const place = await openPlaceToWrite("in/new/deeper/file", [inside]);
  try {
    writeFileSync(place.address, "written");
    expect(place.path).toBe(join(inside, "dir/new/deeper/file"));
  } finally {
    place.close();
  }
  expect(readFileSync(join(inside, "dir/new/deeper/file"), "utf8")).toBe("written");
  expect(
    await inDirectoryAt("in/new", [inside], async (address) => readFileSync(`${address}/deeper/file`, "utf8")),
  ).toBe("written");
});
