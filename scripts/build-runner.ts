// Bundles the runner into one file that a sandbox can start with nothing but Node.
import { mkdir, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
export const RUNNER_FILE = resolve(root, ".build/runner.cjs");

/** Writes the bundle in one step, so that a sandbox that starts meanwhile gets the old or the new one. */
export async function buildRunner(outFile: string = RUNNER_FILE): Promise<string> {
  await mkdir(dirname(outFile), { recursive: true });
  const fresh = `${outFile}.${process.pid}.new`;
  await build({
    entryPoints: [resolve(root, "src/bin/runner.ts")],
    outfile: fresh,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
  });
  await rename(fresh, outFile);
  return outFile;
}

if (import.meta.main) await buildRunner();
