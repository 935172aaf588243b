// `berth`: the command line. Talks to a server through the public API, and starts one on this machine.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { runCli } from "../cli/cli.ts";
import { findServer } from "../cli/find-server.ts";
import { createNodeTerminal } from "../cli/node-terminal.ts";
import { createBerthClient } from "../client/berth.ts";
import { readDotEnv } from "./config.ts";
import { type Environment, settings } from "./settings.ts";
import { packageVersion } from "./version.ts";

const repository = resolve(import.meta.dirname, "../..");
// As the server does, but only in Berth's own folder: a file that lies in somebody's project must not say who gets the key.
const env: Environment = { ...(process.cwd() === repository ? readDotEnv(repository) : {}), ...process.env };
const dataDir = env.BERTH_DATA_DIR?.trim()
  ? settings.BERTH_DATA_DIR.parse(env.BERTH_DATA_DIR.trim())
  : settings.BERTH_DATA_DIR.fallback(env);
const terminal = createNodeTerminal(process, { noColour: Boolean(env.NO_COLOR) });

// Whoever read our output may go away (`berth logs … | head`).
process.stdout.on("error", () => process.exit(0));

process.exitCode = await runCli({
  version: packageVersion(),
  args: process.argv.slice(2),
  terminal,
  now: () => Date.now(),
  connect(flags) {
    const server = findServer(flags, { url: env.BERTH_URL, apiKey: env.BERTH_API_KEY, dataDir, readDataFile });
    return {
      client: createBerthClient({ baseUrl: server.url, apiKey: server.apiKey }),
      url: server.url,
      dataDir: server.isLocal ? dataDir : null,
    };
  },
  startServer: (args) => runScript(join("scripts", "start.cjs"), args),
  printLoginLink: () => runScript(join("src", "bin", "login.ts"), []),
  manageKeys: (args) => runScript(join("src", "bin", "keys.ts"), args),
});

/** Null when there is none; what cannot be read is told. */
function readDataFile(name: string): string | null {
  try {
    return readFileSync(join(dataDir, name), "utf8").trim() || null;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

function runScript(script: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [join(repository, script), ...args], { stdio: "inherit" });
  // The terminal sends Ctrl-C to both; what is sent to this process alone is passed on. The supervisor takes two in a row for one.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("exit", (code) => done(code ?? 1));
  });
}
