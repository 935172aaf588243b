// Closes what our starter left open: a descriptor that is inherited would be inherited by every sandbox too.
import { closeSync, readdirSync, readFileSync } from "node:fs";

const O_CLOEXEC = 0o2000000;

/** Closes every descriptor above standard error that children would get. Node opens its own so that they don't. */
export function closeInherited(): void {
  for (const entry of readdirSync("/proc/self/fd")) {
    const fd = Number(entry);
    if (fd <= 2) continue;
    const flags = flagsOf(fd);
    if (flags !== null && (flags & O_CLOEXEC) === 0) closeSync(fd);
  }
}

/** Null when it is closed by now, as the one that listed the directory is. */
function flagsOf(fd: number): number | null {
  try {
    const line = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8"));
    return line?.[1] === undefined ? null : Number.parseInt(line[1], 8);
  } catch {
    return null;
  }
}
