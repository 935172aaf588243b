// Which Node runs Berth on a host with an older one, and what is said where there is none.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { childEnv } from "../src/lib/child-env.ts";

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "berth-node-"));
  mkdirSync(join(checkout, "scripts"));
  copyFileSync(join(import.meta.dirname, "node-24.cjs"), join(checkout, "scripts", "node-24.cjs"));
  // This process's Node, which says that it is an older one.
  writeFileSync(
    join(checkout, "scripts", "start.cjs"),
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: process.env.PRETEND } });
require("./node-24.cjs").runOnNode24(require("node:path").join(__dirname, "program.mjs"));`,
  );
  writeFileSync(join(checkout, "scripts", "program.mjs"), `console.log("runs here", ...process.argv.slice(2));`);
});
afterEach(() => rmSync(checkout, { recursive: true, force: true }));

const start = (pretend: string) =>
  spawnSync(process.execPath, [join(checkout, "scripts", "start.cjs"), "--verbose"], {
    env: childEnv({ PATH: process.env.PATH, PRETEND: pretend }),
    encoding: "utf8",
  });

test("a host with an old Node and without the package is told what it has, what is missing and what to do", () => {
  const { status, stdout, stderr } = start("20.19.2");
  expect(stderr.split("\n")).toEqual([
    "Berth cannot start: it needs Node 24.",
    `  This is Node 20.19.2 on ${process.platform}-${process.arch}, and the package that brings Node 24 is not installed.`,
    "  Run npm ci without --omit=optional, or install Node 24 or newer.",
    "",
  ]);
  expect(stdout).toBe("");
  expect(status).toBe(1);
});

test("Node 24 and newer run it themselves", () => {
  for (const version of ["24.0.0", "25.1.0"])
    expect(start(version)).toMatchObject({ status: 0, stdout: "runs here --verbose\n", stderr: "" });
});

test.runIf(process.platform === "linux")(
  "an old Node starts the one of the package: arguments and exit code go through",
  () => {
    const bin = join(checkout, "node_modules", `node-linux-${process.arch}`, "bin");
    mkdirSync(bin, { recursive: true });
    writeFileSync(join(bin, "node"), '#!/bin/sh\necho "$@"\nexit 7\n');
    chmodSync(join(bin, "node"), 0o755);
    const { status, stdout } = start("20.19.2");
    expect(stdout).toBe(`${join(checkout, "scripts", "program.mjs")} --verbose\n`);
    expect(status).toBe(7);
  },
);
