// Put in front of a part that needs little: whatever it runs gains no right, and as root it keeps the few that its start needs.
import { spawnSync } from "node:child_process";

/** To read what belongs to the user that owns the data, to give a socket away, and to become somebody else. */
const KEPT = ["chown", "dac_override", "fowner", "setgid", "setuid"].map((name) => `+${name}`).join(",");

/** The strictest that this system can do; empty where it can do none. */
export function fewRights(): readonly string[] {
  if (process.platform !== "linux") return [];
  const noMore = ["setpriv", "--no-new-privs"];
  const root = process.getuid?.() === 0 ? [[...noMore, "--inh-caps=-all", `--bounding-set=-all,${KEPT}`]] : [];
  return [...root, noMore].find(works) ?? [];
}

function works([file = "", ...args]: readonly string[]): boolean {
  return spawnSync(file, [...args, "--", "true"], { stdio: "ignore", timeout: 10_000 }).status === 0;
}
