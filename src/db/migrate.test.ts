// Which migrations are applied, and when a database is refused.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Migration, pendingMigrations, readMigrations } from "./migrate.ts";

const directories: string[] = [];
function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "berth-migrations-"));
  directories.push(directory);
  return directory;
}
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

const plain = { sql: "", formerly: [], withoutTransaction: false };
const first: Migration = { id: "0001-a", checksum: "c1", worksFrom: null, ...plain };
const second: Migration = { id: "0002-b", checksum: "c2", worksFrom: "0001", ...plain };

describe("pending migrations", () => {
  it("are all of them for an empty database", () =>
    expect(pendingMigrations([first, second], [])).toEqual([first, second]));
  it("are what follows the applied ones", () => expect(pendingMigrations([first, second], [first])).toEqual([second]));
  it("refuse a schema that is newer than this release", () =>
    expect(() => pendingMigrations([first], [first, second])).toThrow(/newer than this release.*0002-b/));
  it.each([
    ["the newest that this release knows", "0001", []],
    ["a later one", "0002", /newer than this release/],
    ["nothing", null, /newer than this release/],
  ])("with a newer one that works from %s", (_, worksFrom, expected) => {
    const pending = () => pendingMigrations([first], [first, { id: "0002-b", checksum: "c2", works_from: worksFrom }]);
    if (Array.isArray(expected)) expect(pending()).toEqual(expected);
    else expect(pending).toThrow(expected);
  });
  it("refuse a migration that was edited after it was applied", () =>
    expect(() => pendingMigrations([first], [{ ...first, checksum: "other" }])).toThrow(/0001-a was changed/));
  it("take a text for the same that says what it was formerly", () =>
    expect(pendingMigrations([{ ...first, formerly: ["other"] }], [{ ...first, checksum: "other" }])).toEqual([]));
  it("refuse another migration under the same number", () =>
    expect(() => pendingMigrations([first], [{ ...first, id: "0001-x" }])).toThrow(
      /0001-x where this release has 0001-a/,
    ));
});

describe("migration files", () => {
  it("of this release are numbered without a gap", () => expect(readMigrations().length).toBeGreaterThan(0));

  it.each([
    [["0001-a.sql", "0003-c.sql"], /no gap/],
    [["0001-a.sql", "0001-b.sql"], /no gap or double/],
    [["0001_a.sql"], /must be named/],
  ])("named %j are refused", (names, message) => {
    const directory = newDirectory();
    for (const name of names) writeFileSync(join(directory, name), "select 1;");
    expect(() => readMigrations(directory)).toThrow(message);
  });

  it("of this release let the one before work on", () => {
    const shutOut = readMigrations().filter(({ id, worksFrom }) => id > "0004" && worksFrom === null);
    expect(shutOut.map(({ id }) => id)).toEqual([]);
  });

  it.each(["0002", "0003", "yesterday"])("that work from %s are refused: it is no earlier one", (from) => {
    const directory = newDirectory();
    writeFileSync(join(directory, "0001-a.sql"), "select 1;");
    writeFileSync(join(directory, "0002-b.sql"), `-- works from: ${from}\nselect 1;`);
    expect(() => readMigrations(directory)).toThrow(/must be the number of an earlier migration/);
  });

  it("have the same checksum with Windows line ends", () => {
    const [unix, windows] = ["select 1;\nselect 2;\n", "select 1;\r\nselect 2;\r\n"].map((sql) => {
      const directory = newDirectory();
      writeFileSync(join(directory, "0001-a.sql"), sql);
      return readMigrations(directory)[0]?.checksum;
    });
    expect(unix).toBe(windows);
  });
});
