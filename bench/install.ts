// P8, slow: what a fresh clone costs until it can start. `npm ci` and the build in a directory of its own.
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Figure } from "./figures.ts";

const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, "..");
const LIMIT_MS = 20 * 60_000;

export async function benchInstall(print: (line: string) => void): Promise<Figure[]> {
  const parent = await mkdtemp(path.join(tmpdir(), "berth-bench-install-"));
  const clone = path.join(parent, "berth");
  try {
    await run("git", ["clone", "--quiet", "--no-hardlinks", repository, clone]);
    const installMs = await timed(() =>
      run("npm", ["ci", "--no-audit", "--no-fund"], { cwd: clone, timeout: LIMIT_MS }),
    );
    print(`npm ci: ${(installMs / 1000).toFixed(0)} s`);
    const buildMs = await timed(() =>
      run("npm", ["run", "build"], { cwd: clone, timeout: LIMIT_MS, maxBuffer: 2 ** 26 }),
    );
    print(`npm run build: ${(buildMs / 1000).toFixed(0)} s`);
    const sizes = await Promise.all(["node_modules", ".next", ".build"].map((part) => sizeMb(clone, part)));
    return [
      {
        name: "npm ci + build of a fresh clone",
        value: (installMs + buildMs) / 1000,
        unit: "s",
        goal: { of: "value", is: "≤", limit: 193 },
        note: `npm ci ${(installMs / 1000).toFixed(0)} s, build ${(buildMs / 1000).toFixed(0)} s`,
      },
      {
        name: "what they leave on disk",
        value: sizes.reduce((sum, { mb }) => sum + mb, 0),
        unit: "MB",
        goal: { of: "value", is: "≤", limit: 900 },
        note: sizes.map(({ part, mb }) => `${part} ${mb.toFixed(0)}`).join(", "),
      },
    ];
  } finally {
    await rm(parent, { recursive: true, force: true });
  }
}

async function sizeMb(clone: string, part: string): Promise<{ part: string; mb: number }> {
  const { stdout } = await run("du", ["-sk", path.join(clone, part)]);
  return { part, mb: Number.parseInt(stdout, 10) / 1024 };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await action();
  return performance.now() - startMs;
}
