// Noticing that whoever started us is gone: a signal to npm ends npm, or the shell between npm and us, and never arrives here.
import { findProcess } from "../lib/processes.ts";

const CHECK_EVERY_MS = 250;
/** npm, its shell, and the start script on a host with an older Node. */
const MAX_ANCESTORS = 3;

/** Calls `onGone` once when a process between us and npm, or npm itself, has ended. Watches nothing when npm did not start us. */
export function watchParents(options: { startedByNpm: boolean; onGone: () => void }): void {
  if (!options.startedByNpm) return;
  const expected = ancestors();
  const timer = setInterval(() => {
    const now = ancestors();
    if (expected.every((pid, index) => now[index] === pid)) return;
    clearInterval(timer);
    options.onGone();
  }, CHECK_EVERY_MS);
  timer.unref();
}

/** Our parent, its parent and so on, up to npm. */
function ancestors(): number[] {
  const found = [process.ppid];
  for (let pid = process.ppid; found.length < MAX_ANCESTORS; ) {
    const facts = findProcess(pid);
    if (!facts || facts.parent <= 1 || /^npm\b/.test(facts.command)) break;
    pid = facts.parent;
    found.push(pid);
  }
  return found;
}
