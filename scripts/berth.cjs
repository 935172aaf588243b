#!/usr/bin/env node
// `berth`: starts the command line on Node 24, whichever Node the host has.
"use strict";
const { spawn } = require("node:child_process");
const { join } = require("node:path");
const { findNode, noNode } = require("./node-24.cjs");

const script = join(__dirname, "..", "src", "bin", "berth.ts");
const node = findNode();
if (node === null) {
  console.error(noNode());
  process.exitCode = 1;
} else if (node === process.execPath) {
  import("../src/bin/berth.ts").catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else {
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl-C to both of us; the command line takes two within a blink for one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 1 : code;
  });
}
