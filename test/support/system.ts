// The whole system as a user starts it: `npm start` in a data directory of its own, on a free port.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import { childEnv } from "../../src/lib/child-env.ts";
import { findProcess } from "../../src/lib/processes.ts";
import { freePort } from "./free-port.ts";
import { until } from "./until.ts";

const repository = path.resolve(import.meta.dirname, "../..");

/** More than a supervisor that stops takes. */
const STOP_LIMIT_MS = 30_000;

export type Part = "supervisor" | "web" | "worker" | "postgres" | "sandboxd" | "egress";

export type System = {
  readonly url: string;
  readonly apiKey: string;
  /** The one-time link that the terminal printed; empty without the dashboard. */
  readonly loginUrl: string;
  readonly dataDir: string;
  /** Everything that `npm start` printed. */
  output(): string;
  client(): Anthropic;
  /** Process id of a part, from its pid file; null when there is none. */
  pid(part: Part): Promise<number | null>;
  /** kill -9 of one part; resolves when it is gone. */
  killPart(part: Part): Promise<void>;
  /** As Ctrl-C does; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** kill -9 of the supervisor. */
  kill(): Promise<void>;
  /** `npm start` again on the same data directory; with `release`, in that other checkout. */
  start(release?: string): Promise<void>;
  /** Stops and removes the data directory. */
  dispose(): Promise<void>;
};

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export async function startSystem(
  options: {
    env?: Record<string, string>;
    ui?: boolean;
    dataDir?: string;
    /** A command put in front that replaces itself by its arguments, such as unshare. */
    wrapper?: readonly string[];
  } = {},
): Promise<System> {
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), "berth-e2e-")));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | null = null;
  let output = "";
  let apiKey = "";
  let loginUrl = "";

  async function start(release = repository): Promise<void> {
    output = "";
    const inherited = Object.fromEntries(
      Object.entries(process.env).filter(
        ([name]) => !/^(BERTH_|LITELLM_|DATABASE_URL|VITEST|NODE_OPTIONS|PORT|HOST)/.test(name),
      ),
    );
    const [file = "node", ...args] = [...(options.wrapper ?? []), "node", "scripts/start.cjs"];
    const started = spawn(file, args, {
      cwd: release,
      env: childEnv({
        ...inherited,
        PORT: String(port),
        BERTH_DATA_DIR: dataDir,
        ...(options.ui ? {} : { BERTH_UI: "off" }),
        ...options.env,
      }),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    child = started;
    started.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    started.stderr?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await until(
      () =>
        /login\?token=\S+|^ {2}API {3}http/m.test(output) || started.exitCode !== null || started.signalCode !== null,
      {
        timeoutMs: 240_000,
        describe: () => `npm start printed:\n${output}`,
      },
    );
    loginUrl = /http:\/\/\S+login\?token=\S+/.exec(output)?.[0] ?? "";
    if (started.exitCode !== null || started.signalCode !== null || (options.ui && !loginUrl))
      throw new Error(`npm start ended early:\n${output}`);
    apiKey = options.env?.BERTH_API_KEY ?? (await readFile(path.join(dataDir, "api-key"), "utf8")).trim();
  }

  async function exited(): Promise<void> {
    const running = child;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    await once(running, "exit");
  }

  /** Ends as Ctrl-C does; what does not is killed. Resolves when no part is left that could write into the data directory. */
  async function endAll(): Promise<void> {
    const parts = await readdir(path.join(dataDir, "run")).catch(() => []);
    const pids = await Promise.all(
      parts.flatMap((name) => (name.endsWith(".pid") ? [system.pid(name.slice(0, -".pid".length) as Part)] : [])),
    );
    child?.kill("SIGTERM");
    const late = setTimeout(() => child?.kill("SIGKILL"), STOP_LIMIT_MS);
    await exited();
    clearTimeout(late);
    const left = pids.filter((pid) => pid !== null);
    await until(() => left.every((pid) => findProcess(pid) === null), {
      describe: () => `parts of npm start did not end: ${left.join(", ")}`,
    });
  }

  const system: System = {
    get url() {
      return url;
    },
    get apiKey() {
      return apiKey;
    },
    get loginUrl() {
      return loginUrl;
    },
    dataDir,
    output: () => output,
    client: () => new Anthropic({ baseURL: url, apiKey, maxRetries: 2 }),
    async pid(part) {
      const text = await readFile(path.join(dataDir, "run", `${part}.pid`), "utf8").catch(() => "");
      const pid = Number.parseInt(text, 10);
      return Number.isInteger(pid) && pid > 0 ? pid : null;
    },
    async killPart(part) {
      const pid = await system.pid(part);
      if (pid === null) throw new Error(`${part} has no pid file`);
      process.kill(pid, "SIGKILL");
      await until(() => !alive(pid), { describe: () => `${part} did not end` });
    },
    async stop() {
      child?.kill("SIGTERM");
      await exited();
      return child?.exitCode ?? null;
    },
    async kill() {
      const pid = await system.pid("supervisor");
      if (pid !== null) process.kill(pid, "SIGKILL");
      child?.kill("SIGKILL");
      await exited();
    },
    start,
    async dispose() {
      await system.stop();
      const left = await readdir(path.join(dataDir, "run")).catch(() => []);
      await rm(dataDir, { recursive: true, force: true });
      if (left.length > 0) throw new Error(`npm start left files in run/: ${left.join(", ")}`);
    },
  };
  try {
    await start();
  } catch (error) {
    try {
      await endAll();
      await rm(dataDir, { recursive: true, force: true });
    } catch (after) {
      throw new AggregateError([error, after], `npm start failed, and did not end cleanly: ${String(error)}`);
    }
    throw error;
  }
  return system;
}
