// One record that cannot be read takes nothing else with it, and its disk is kept.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { createRecords, type Records } from "./records.ts";

const root = mkdtempSync(join(tmpdir(), "berth-records-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directory: string;
let logged: { event: string; fields: Record<string, unknown> }[];
let records: Records;
const open = async () => {
  records = createRecords({ directory, firstUid: 1000, log: (event, fields) => logged.push({ event, fields }) });
  await records.open();
};
const make = async (name: string) => {
  const made = await records.make(64, async (path) => writeFileSync(join(path, "disk.img"), name));
  records.claim(made.path, name);
  return made.record;
};
beforeEach(async () => {
  directory = mkdtempSync(join(root, "d-"));
  logged = [];
  await open();
});

test.each([
  ["empty", ""],
  ["torn", '{"identity":"ab'],
  ["of another shape", '{"identity":7}'],
  ["missing", null],
])(
  "a record that is %s: the others are listed and found, its disk lies aside, and its name is free",
  async (_how, text) => {
    const good = await make("sesn_good");
    await make("sesn_bad");
    const file = join(directory, "sesn_bad", "record.json");
    if (text === null) rmSync(file);
    else writeFileSync(file, text);
    await open();
    expect(records.names()).toEqual(["sesn_good"]);
    expect(records.find("sesn_good")?.record).toEqual(good);
    expect(records.find("sesn_bad")).toBeNull();
    expect(logged).toMatchObject([{ fields: { sandboxId: "sesn_bad" } }]);
    const kept = String(logged[0]?.fields.kept);
    expect(readFileSync(join(kept, "disk.img"), "utf8")).toBe("sesn_bad");
    await open();
    expect(existsSync(kept)).toBe(true);
    expect((await make("sesn_bad")).uid).not.toBe(good.uid);
  },
);

test("what is found while it runs is treated the same, and what a predecessor left unfinished is removed", async () => {
  await make("sesn_a");
  writeFileSync(join(directory, "sesn_a", "record.json"), "");
  expect(records.find("sesn_a")).toBeNull();
  expect(records.names()).toEqual([]);
  await records.remove(join(directory, "sesn_a"));
  mkdirSync(join(directory, ".new-x"));
  mkdirSync(join(directory, ".blank-x"));
  await open();
  expect(readdirSync(directory).every((entry) => entry.startsWith(".unreadable-"))).toBe(true);
});
