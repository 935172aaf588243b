// Bundles the runner into one file that a sandbox can start with nothing but Node.
import { mkdir, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { PTY_FILE } from "../src/runner/protocol.ts";

const root = resolve(import.meta.dirname, "..");
export const RUNNER_FILE = resolve(root, ".build/runner.cjs");

/** The native half of node-pty cannot be bundled: a sandbox has it at a place of its own, and loads it with the first terminal. */
const nativePtyFromItsPlace: Plugin = {
  name: "native pty from its place",
  setup({ onLoad }) {
    onLoad({ filter: /node-pty[\\/]requireBinary\.js$/ }, () => ({
      contents: `exports.requireBinary = () => {
        const native = { exports: {} };
        process.dlopen(native, ${JSON.stringify(PTY_FILE)});
        return native.exports;
      };`,
      loader: "js",
    }));
  },
};

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
    plugins: [nativePtyFromItsPlace],
  });
  await rename(fresh, outFile);
  return outFile;
}

if (import.meta.main) await buildRunner();
