// What has to be built before a start, known by the content of the sources: a later start with the same sources builds nothing.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, sep } from "node:path";

export type BuildTarget = {
  name: "runner" | "dashboard";
  /** Files and folders, relative to the repository, from which it is made. */
  inputs: readonly string[];
  /** Exists when it was built. */
  output: string;
};

export const buildTargets: readonly BuildTarget[] = [
  {
    name: "runner",
    inputs: ["src/runner", "src/bin/runner.ts", "src/lib", "scripts/build-runner.ts", "package-lock.json"],
    output: ".build/runner.cjs",
  },
  {
    name: "dashboard",
    inputs: [
      "src/app",
      "src/client",
      "src/contract",
      "src/lib",
      "next.config.mjs",
      "postcss.config.mjs",
      "package-lock.json",
    ],
    output: ".next/BUILD_ID",
  },
];

/** The targets whose output is missing or was made from other sources. An installed package's was made before it was packed. */
export function outdatedTargets(repository: string): BuildTarget[] {
  const installed = repository.split(sep).includes("node_modules");
  const isStale = (target: BuildTarget) => readStamp(repository, target) !== sourceHash(repository, target);
  return buildTargets.filter(
    (target) => !existsSync(join(repository, target.output)) || (!installed && isStale(target)),
  );
}

/** Runs `build` between taking the old stamp away and writing the new one: a build that is cut is made again. */
export async function buildWithStamp(
  repository: string,
  target: BuildTarget,
  build: () => Promise<unknown>,
): Promise<void> {
  const hash = sourceHash(repository, target);
  const path = stampPath(repository, target);
  mkdirSync(dirname(path), { recursive: true });
  rmSync(path, { force: true });
  await build();
  writeFileSync(path, hash);
}

function stampPath(repository: string, target: BuildTarget): string {
  return join(repository, ".build", `${target.name}.stamp`);
}

function readStamp(repository: string, target: BuildTarget): string | null {
  const path = stampPath(repository, target);
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

/** Tests are beside the sources and are not built. */
function sourceHash(repository: string, target: BuildTarget): string {
  const hash = createHash("sha256");
  for (const input of target.inputs) {
    for (const file of filesOf(repository, input))
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(repository, file)))
        .update("\0");
  }
  return hash.digest("hex");
}

function filesOf(repository: string, input: string): string[] {
  const path = join(repository, input);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return [];
  if (!stat.isDirectory()) return [input];
  const entries = readdirSync(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name));
  return files.map((entry) => join(entry.parentPath, entry.name).slice(repository.length + 1)).sort();
}
