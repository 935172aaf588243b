#!/usr/bin/env node
// `berth`: the command line, on Node 24.
"use strict";
const { join } = require("node:path");
const { runOnNode24 } = require("./node-24.cjs");

runOnNode24(join(__dirname, "..", "src", "bin", "berth.ts"));
