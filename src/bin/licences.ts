// What this release is built with, and under which licences: read from the installed packages, whatever they are, at the first question.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export type PackageLicence = { name: string; version: string; licence: string; text: string | null };

type Manifest = {
  name?: string;
  version?: string;
  license?: string | { type?: string };
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
};

/** Production dependencies of the package at `root`, and theirs, by name and version. Optional ones that are not installed are left out. */
export function readLicences(root: string): PackageLicence[] {
  const found = new Map<string, PackageLicence>();
  const seen = new Set<string>();
  const waiting = needsOf(root);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const directory = findPackage(next.name, next.from);
    if (directory === null || seen.has(directory)) continue;
    seen.add(directory);
    const manifest = readManifest(directory);
    const { name = next.name, version = "unknown" } = manifest;
    found.set(`${name}@${version}`, { name, version, licence: licenceOf(manifest), text: textIn(directory) });
    waiting.push(...needsOf(directory));
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name) || a.version.localeCompare(b.version));
}

function needsOf(directory: string): { name: string; from: string }[] {
  const { dependencies, optionalDependencies, peerDependencies } = readManifest(directory);
  return Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies }).map((name) => ({
    name,
    from: directory,
  }));
}

/** As Node looks for it: in node_modules of every directory above. */
function findPackage(name: string, from: string): string | null {
  for (let directory = from; ; directory = dirname(directory)) {
    const candidate = join(directory, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (directory === dirname(directory)) return null;
  }
}

function readManifest(directory: string): Manifest {
  // Written by its authors; every field is checked where it is used.
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) as Manifest;
}

function licenceOf({ license }: Manifest): string {
  if (typeof license === "string") return license;
  return license?.type ?? "unknown";
}

function textIn(directory: string): string | null {
  const file = readdirSync(directory).find((name) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(name));
  return file ? readFileSync(join(directory, file), "utf8") : null;
}
