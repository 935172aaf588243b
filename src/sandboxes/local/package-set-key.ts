// Which installation a set of packages is: the team, the packages, and the programs of this machine that install and use them.
import { createHash } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { installSteps } from "../packages-in-sandbox.ts";
import type { PackageSet } from "../sandbox.ts";
import { findProgram } from "./host.ts";

/** Raised when installations are made in another way. */
const LAYOUT = 1;
const PROGRAMS = ["python3", "pip3", "node", "npm", "ruby", "gem", "go", "cargo"];

/** `system`: from `systemIdentity`. */
export function packageSetKey({ teamId, lists }: PackageSet, system: string): string {
  const packages = installSteps(lists).map((step) => [step.manager, step.packages]);
  const content = JSON.stringify([LAYOUT, teamId, system, packages]);
  return createHash("sha256").update(content).digest("hex").slice(0, 40);
}

/** Another one once the system or one of these programs is upgraded: what was built for the one before may not work. */
export function systemIdentity(): string {
  const release = textOf("/etc/os-release");
  const programs = PROGRAMS.map((name) => {
    const path = findProgram(name, "/usr/local/bin:/usr/bin:/bin:/usr/local/go/bin");
    if (path === null) return [name];
    const file = realpathSync(path);
    const { size, mtimeMs } = statSync(file);
    return [name, file, size, mtimeMs];
  });
  return JSON.stringify([process.arch, release, programs]);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // A system without it is told apart by its programs.
    return "";
  }
}
