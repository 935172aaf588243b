// `npm start`: starts the supervisor on Node 24, whichever Node the host has. Plain CommonJS, so that old Nodes get as far as the message.
"use strict";
const { spawn } = require("node:child_process");
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");
const { findNode, noNode } = require("./node-24.cjs");

const up = join(__dirname, "..", "src", "bin", "up.ts");
/**
 * Compiled code and types stripped once, for all parts (they inherit the variable): 12 MB and 0.3 s less a process than stripping
 * at each start. Below the repository, because it belongs to this code and this Node.
 */
function keepCompiledCode() {
  const directory = process.env.NODE_COMPILE_CACHE || join(__dirname, "..", ".build", "compile-cache");
  process.env.NODE_COMPILE_CACHE = directory;
  if (enableCompileCache) enableCompileCache(directory);
}

keepCompiledCode();
const node = findNode();
if (node === null) {
  console.error(noNode());
  process.exitCode = 1;
} else if (node === process.execPath) {
  import("../src/bin/up.ts").catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
} else {
  const child = spawn(node, [up, ...process.argv.slice(2)], { stdio: "inherit" });
  // A terminal sends Ctrl-C to both of us; a signal sent to this process alone is passed on. The supervisor takes two in a row for one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 1 : code;
  });
}
