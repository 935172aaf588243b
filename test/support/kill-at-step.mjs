// Preloaded into a process: ends it with SIGKILL before its n-th statement or change of a file, n from KILL_AT_STEP.
// Standard error says how many there were, when it comes to its end.
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import pg from "pg";

const killAt = Number(process.env.KILL_AT_STEP);
let steps = 0;
function step() {
  if (++steps === killAt) process.kill(process.pid, "SIGKILL");
}
const wait = new Int32Array(new SharedArrayBuffer(4));
function before(owner, name) {
  const original = owner[name];
  owner[name] = function (...args) {
    step();
    // The signal ends the process at once, or after this.
    if (steps === killAt) Atomics.wait(wait, 0, 0, 5_000);
    return original.apply(this, args);
  };
}
before(pg.Client.prototype, "query");
for (const name of ["open", "rename", "appendFile", "unlink", "link"]) before(fs, name);
syncBuiltinESMExports();
process.on("exit", () => process.stderr.write(`steps: ${steps}\n`));
