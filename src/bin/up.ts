// `npm start`: one supervisor that runs Postgres, sandboxd, web, worker and egress on this machine, and stops them in order.
import { join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { EmbeddedPostgresError } from "../db/embedded/binaries.ts";
import { EGRESS_HEAP_FLAGS } from "../egress/heap-flags.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf } from "../lib/errors.ts";
import { platformProblem } from "../sandboxes/local/platform.ts";
import { ask } from "../supervisor/ask.ts";
import { runBuild } from "../supervisor/build.ts";
import { outdatedTargets } from "../supervisor/build-stamp.ts";
import { takeLock } from "../supervisor/data-dir-lock.ts";
import { startDatabase } from "../supervisor/database.ts";
import { fewRights } from "../supervisor/few-rights.ts";
import { showModels } from "../supervisor/models-row.ts";
import { nodePart } from "../supervisor/node-part.ts";
import { watchParents } from "../supervisor/parent-watch.ts";
import { createPartLogs, type PartLogs } from "../supervisor/part-logs.ts";
import { createPidFiles, type PidFiles } from "../supervisor/pid-files.ts";
import { checkPort } from "../supervisor/ports.ts";
import { writeRunningUrl } from "../supervisor/running-url.ts";
import { INSTALL_WITHIN_MS, showInstalling, startSandboxd } from "../supervisor/sandboxd-part.ts";
import { StartFailure } from "../supervisor/start-failure.ts";
import { createSupervisor, type Supervisor } from "../supervisor/supervisor.ts";
import { createTerminal, renderApiReady, renderFailure, renderReady, tildePath } from "../supervisor/terminal.ts";
import {
  type Config,
  ConfigError,
  dashboardUrl,
  describeConfigError,
  ensureApiKey,
  ensureDataDir,
  loadConfig,
} from "./config.ts";
import type { Environment } from "./settings.ts";
import { packageVersion } from "./version.ts";

/** Ctrl-C in a terminal arrives several times: from the terminal, from npm, from the start script. */
const SAME_SIGNAL_WITHIN_MS = 1_000;
/** A supervisor that stops is gone within this time. */
const STOP_LIMIT_MS = 10_000;
/** One whose npm was killed needs a moment to notice. */
const LOOK_AGAIN_MS = 600;

/** A young generation of 1 MB instead of 16: sandboxd makes little garbage and stays 4 MB smaller. */
const SMALL_HEAP = ["--max-semi-space-size=1"];

const repository = resolve(import.meta.dirname, "../..");
/** What scripts/node-24.cjs gives to an installed package's processes in NODE_OPTIONS; sandboxd has a bare environment. */
const TYPES_IN_NODE_MODULES = repository.split(sep).includes("node_modules")
  ? [
      `--import=${pathToFileURL(join(repository, "scripts", "strip-types.mjs")).href}`,
      "--disable-warning=ExperimentalWarning",
    ]
  : [];
const verbose = process.argv.includes("--verbose");
const terminal = createTerminal(process.stdout, { noColour: Boolean(process.env.NO_COLOR) });
const stopping = new AbortController();
let supervisor: Supervisor | null = null;

process.title = "berth-supervisor";
// Whoever read our output may go away (`npm start | head`): that is no reason to stop.
process.stdout.on("error", () => undefined);
process.stderr.on("error", () => undefined);
try {
  const config = loadConfig({ env: process.env, cwd: process.cwd() });
  ensureDataDir(config.dataDir);
  await start(config);
} catch (error) {
  if (!stopping.signal.aborted) await giveUp(error);
}

async function start(config: Config): Promise<void> {
  // Held as long as this process lives; the system gives it back however it ends.
  const pidFiles = createPidFiles(config.dataDir);
  if (!(await lockDataDir(config.dataDir, pidFiles))) throw alreadyRunning(config.dataDir, pidFiles.read("supervisor"));
  const orphans = await pidFiles.endOrphans();
  pidFiles.write("supervisor", process.pid);
  const logs = openLogs(config);
  const parts = createSupervisor({ pidFiles, clock: systemClock, log: logs.say });
  supervisor = parts;
  stopOnSignals(parts, () => pidFiles.note("stopping"));

  terminal.print(`Berth ${packageVersion()}`);
  for (const warning of config.warnings) terminal.print(`  Warning: ${warning}`);
  if (orphans.length > 0) logs.say("info", `ended what an earlier start left running: ${orphans.join(", ")}`);
  ensureApiKey(config);
  await checkPort(config.host, config.port);

  const outdated = new Set(outdatedTargets(repository).map((target) => target.name));
  const build = (target: "runner" | "dashboard") =>
    runBuild({ target, repository, env: process.env, logs, signal: stopping.signal });
  const sandboxes = startSandboxd({
    problem: platformProblem(),
    prepare: async () => (outdated.has("runner") ? build("runner") : undefined),
    spec: sandboxdSpec(config, logs),
    parts,
    terminal,
    signal: stopping.signal,
  });
  const dashboard =
    config.ui === "on" && outdated.has("dashboard") ? showProgress(build("dashboard")) : Promise.resolve();
  dashboard.catch(() => undefined); // Awaited below, after the database.
  const models = showModels({
    gatewayUrl: config.gatewayUrl,
    script: binScript("check-gateway"),
    env: { ...process.env, BERTH_SUPERVISED: "1" },
    terminal,
    signal: stopping.signal,
  });
  const databaseUrl = await startDatabase({
    databaseUrl: config.databaseUrl,
    dataDir: config.dataDir,
    parts,
    logs,
    terminal,
  });

  const env = (): Environment => ({
    ...process.env,
    DATABASE_URL: databaseUrl,
    BERTH_DATA_DIR: config.dataDir,
    BERTH_LOG_FORMAT: "json",
    BERTH_SUPERVISED: "1",
    NODE_ENV: "production",
  });
  const worker = parts.run(ourPart("worker", env, logs));
  const egress = parts.run(egressSpec(env, logs));
  const token = config.ui === "on" ? oneTimeToken(env()) : null;
  token?.catch(() => undefined); // Awaited below, when there is a place to use it.
  await dashboard;

  const webStarted = performance.now();
  terminal.row({ name: "web", text: dashboardUrl(config), state: "starting" });
  // A port that was chosen at start stays the same when web is started again.
  let port = config.port;
  const webPart = parts.run(ourPart("web", () => ({ ...env(), PORT: String(port) }), logs));
  const web = await webPart.ready.catch(didNotStart("web"));
  if (typeof web.readyMessage.port === "number") port = web.readyMessage.port;
  const url = dashboardUrl(config, port);
  writeRunningUrl(config.dataDir, url);
  await worker.ready.catch(didNotStart("worker"));
  await egress.ready.catch(didNotStart("egress"));
  terminal.row({
    name: "web",
    text: config.ui === "on" ? url : `${url} (API only)`,
    state: "ready",
    seconds: secondsSince(webStarted),
  });
  await Promise.all([sandboxes, models]);
  const key = config.apiKey ? "BERTH_API_KEY" : tildePath(join(config.dataDir, "api-key"));
  const ready =
    token === null
      ? renderApiReady({ url, key }, terminal.style)
      : renderReady(`${url}/login?token=${await token}`, terminal.style);
  terminal.settle();
  terminal.print(ready);
}

function openLogs(config: Config): PartLogs {
  return createPartLogs({
    directory: join(config.dataDir, "logs"),
    show: (line) => terminal.print(line),
    format: { verbose, json: config.logFormat === "json", colour: terminal.style.colour },
  });
}

function binScript(name: string): string {
  return join(repository, "src", "bin", `${name}.ts`);
}

function ourPart(name: "web" | "worker", env: () => Environment, logs: PartLogs) {
  return nodePart({ name, script: binScript(name), env, saysReadyBy: "ipc", onLine: (line) => logs.write(name, line) });
}

/** What faces the programs in sandboxes gets few rights, and what it can't read any more is read for it. */
function egressSpec(env: () => Environment, logs: PartLogs) {
  return nodePart({
    ...{ name: "egress", script: binScript("egress"), env, saysReadyBy: "ipc" },
    wrapper: fewRights(),
    nodeFlags: EGRESS_HEAP_FLAGS,
    answers: {
      async kek() {
        const { text } = await ask({ script: binScript("read-kek"), env: env(), withinMs: 35_000 });
        return String(text);
      },
    },
    onLine: (line) => logs.write("egress", line),
  });
}

function sandboxdSpec(config: Config, logs: PartLogs) {
  const { sandbox } = config;
  const flags = {
    "data-dir": config.dataDir,
    warm: sandbox.warm,
    "memory-mb": sandbox.memoryMb,
    cpus: sandbox.cpus,
    pids: sandbox.pids,
    "disk-mb": sandbox.diskMb,
    "packages-disk-mb": sandbox.packagesDiskMb,
    install: config.install,
  };
  return nodePart({
    name: "sandboxd",
    script: binScript("sandboxd"),
    args: Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    // The privileged part gets nothing that it has no use for, above all no key.
    env: () => ({
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      LANG: process.env.LANG,
      BERTH_DATA_DIR: config.dataDir,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
    }),
    nodeFlags: [...SMALL_HEAP, ...TYPES_IN_NODE_MODULES],
    saysReadyBy: "stdout",
    busy: {
      type: "installing",
      readyWithinMs: INSTALL_WITHIN_MS,
      onSaid: (message) => showInstalling(message, terminal),
    },
    onLine: (line) => logs.write("sandboxd", line),
  });
}

async function showProgress(build: Promise<void>): Promise<void> {
  const started = performance.now();
  const text = "building (first start: about a minute)";
  if (!process.stdout.isTTY) terminal.print(`  dashboard  ${text} …`);
  const show = () =>
    terminal.row({ name: "dashboard", text: `${text}  ${Math.round(secondsSince(started))} s`, state: "starting" });
  show();
  const tick = setInterval(show, 1_000);
  try {
    await build;
  } finally {
    clearInterval(tick);
  }
  terminal.row({ name: "dashboard", text: "built", state: "ready", seconds: secondsSince(started) });
}

async function oneTimeToken(env: Environment): Promise<string> {
  try {
    const { token } = await ask({ script: binScript("login"), env, withinMs: 30_000 });
    return String(token);
  } catch (cause) {
    const remedy = "Start again; if it stays so, see the logs in the data directory.";
    throw new StartFailure("No login link could be made.", { why: messageOf(cause), remedy, cause });
  }
}

function didNotStart(part: string): (cause: unknown) => never {
  return (cause) => {
    throw new StartFailure(`${part} did not start.`, {
      why: messageOf(cause),
      remedy: `See logs/${part}.log in the data directory.`,
      cause,
    });
  };
}

/** One that is just being stopped is waited for: stop and start in one breath works. */
async function lockDataDir(dataDir: string, pidFiles: PidFiles): Promise<boolean> {
  const firstTry = Date.now();
  while (!takeLock(join(dataDir, "lock"))) {
    const patienceMs = pidFiles.isNoted("stopping") ? STOP_LIMIT_MS : LOOK_AGAIN_MS;
    if (Date.now() - firstTry > patienceMs) return false;
    await systemClock.sleep(50);
  }
  return true;
}

function alreadyRunning(dataDir: string, pid: number | null): StartFailure {
  return new StartFailure("Berth already runs on this data directory.", {
    why: `${pid ? `Process ${pid} (berth-supervisor)` : "Another start"} holds ${tildePath(dataDir)}.`,
    remedy:
      "Use that one (`npx berth login` prints a link), stop it first, or set BERTH_DATA_DIR and PORT to start another one beside it.",
  });
}

function stopOnSignals(parts: Supervisor, markStopping: () => void): void {
  let first = 0;
  const stop = () => {
    if (stopping.signal.aborted) {
      if (Date.now() - first > SAME_SIGNAL_WITHIN_MS) parts.force();
      return;
    }
    first = Date.now();
    stopping.abort(new Error("stopping"));
    markStopping();
    terminal.settle();
    if (process.stdout.isTTY) terminal.print("\nStopping …  (Ctrl-C again: at once)");
    void parts.stop().then(() => process.exit(0));
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);
  watchParents({ startedByNpm: process.env.npm_lifecycle_event !== undefined, onGone: stop });
}

async function giveUp(error: unknown): Promise<never> {
  stopping.abort(error);
  terminal.settle();
  if (error instanceof ConfigError) console.error(describeConfigError(error));
  else if (error instanceof StartFailure || error instanceof EmbeddedPostgresError) {
    console.error(renderFailure({ what: error.message, why: error.why, remedy: error.remedy }, terminal.style));
  } else console.error(error);
  await supervisor?.stop();
  process.exit(1);
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
