import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toKekSource } from "../secrets/check-keks.ts";
import { kekPlace } from "./kek-place.ts";

const none = { kek: null, kekCommand: null, dataDir: "/data" };
const readOf = (command: string) => toKekSource(kekPlace({ ...none, kekCommand: command })).read();

test("without a setting it is a file of the data directory", () => {
  expect(kekPlace(none)).toEqual({ kind: "file", path: "/data/kek" });
});

test("a variable is the key itself; a command prints it, and is run again each time", async () => {
  expect(await toKekSource(kekPlace({ ...none, kek: "the key" })).read()).toBe("the key");
  const directory = mkdtempSync(join(tmpdir(), "berth-kek-command-"));
  const file = join(directory, "runs");
  const { read } = toKekSource(kekPlace({ ...none, kekCommand: `echo x >> ${file}; cat ${file}` }));
  expect([await read(), await read()]).toEqual(["x\n", "x\nx\n"]);
  expect(readFileSync(file, "utf8")).toBe("x\nx\n");
  rmSync(directory, { recursive: true });
});

test("a command that fails is told by what it said, never by what it printed", async () => {
  const error = await readOf("echo canary-key; echo 'access denied' >&2; exit 3").catch((thrown: unknown) => thrown);
  expect(String(error)).toMatch(/the command ended with 3 and said: access denied/);
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("canary-key");
  await expect(readOf("exit 1")).rejects.toThrow(/the command ended with 1$/);
});
