// The official Python SDK for tests: installed once into the cache, in a virtual environment of its own.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const ANTHROPIC_VERSION = "2.12.0";

function venvPath(): string {
  return join(process.env.BERTH_CACHE_DIR ?? join(homedir(), ".cache", "berth-ci"), `python-sdk-${ANTHROPIC_VERSION}`);
}

/** Why the SDK can't be used here, or null. `REQUIRE_PYTHON_SDK=1` installs it (a minute) and fails when that fails. */
export async function pythonSdkMissing(): Promise<string | null> {
  if (existsSync(join(venvPath(), ".ready"))) return null;
  if (process.env.REQUIRE_PYTHON_SDK !== "1")
    return `Python's anthropic ${ANTHROPIC_VERSION} is not installed; REQUIRE_PYTHON_SDK=1 installs it`;
  const venv = venvPath();
  // A half-made environment is worth nothing.
  await rm(venv, { recursive: true, force: true });
  await mkdir(dirname(venv), { recursive: true });
  await run("python3", ["-m", "venv", venv]);
  await run(join(venv, "bin", "pip"), [
    "install",
    "-q",
    "--disable-pip-version-check",
    `anthropic==${ANTHROPIC_VERSION}`,
  ]);
  await writeFile(join(venv, ".ready"), "");
  return null;
}

/** The Python that has the SDK; null where it can't be used. */
export async function pythonForDocs(): Promise<string | null> {
  return (await pythonSdkMissing()) === null ? join(venvPath(), "bin", "python") : null;
}

/** Runs a Python file with the SDK and answers what it printed; fails with its error output. */
export async function runPython(script: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await run(join(venvPath(), "bin", "python"), [script], {
    env: { PATH: process.env.PATH, NODE_ENV: "test", PYTHONDONTWRITEBYTECODE: "1", ...env },
    timeout: 110_000,
  });
  return stdout;
}
