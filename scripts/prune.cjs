// After an installation: removes from node_modules what only debuggers of our dependencies and builders of native add-ons read.
// Runs on whatever Node the host has. 150 MB of 1,000; see docs/decisions/0010-what-is-removed-after-installation.md.
const fs = require("node:fs");
const path = require("node:path");

const UNUSED = [
  // Headers and manuals of the Node that we bring.
  /^node-[a-z]+-[a-z0-9]+\/(include|share)$/,
  // Other builds of the PDF reader than the one that we load.
  /^pdfjs-dist\/(legacy|image_decoders)$/,
];

function prune(directory, below = "") {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    const whole = path.join(directory, entry.name);
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    // Links lead to directories of others, or of ours.
    if (entry.isDirectory()) {
      if (UNUSED.some((pattern) => pattern.test(name))) fs.rmSync(whole, { recursive: true, force: true });
      else prune(whole, name);
    } else if (entry.isFile() && /\.(js|mjs|cjs|ts|mts|cts|css)\.map$/.test(entry.name))
      fs.rmSync(whole, { force: true });
  }
}

const modules = path.join(__dirname, "..", "node_modules");
// As somebody's dependency there is none of our own.
if (fs.existsSync(modules)) prune(modules);
