// The embedded Postgres: our own child process on 127.0.0.1, fsync on, a random password, small when idle.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { childEnv } from "../../lib/child-env.ts";
import { endProcess, findProcess, isAlive } from "../../lib/processes.ts";
import { EmbeddedPostgresError, findBinaries } from "./binaries.ts";
import {
  APP_DATABASE,
  APP_ROLE,
  clusterPaths,
  ensureCluster,
  explainFailure,
  readPassword,
  SUPERUSER,
} from "./cluster.ts";
import { chooseIdentity, deathSignal, gatherIdentityFacts } from "./identity.ts";

export type EmbeddedPostgres = {
  /** As the application's role, which is no superuser. */
  url: string;
  /** As the owner of the cluster: tests make databases with it. */
  superuserUrl: string;
  port: number;
  pid: number;
  version: string;
  /** The data directory was made by this start. */
  firstStart: boolean;
  /** Settles when the process is gone, asked or not. */
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Ends sessions and shuts down cleanly; after `graceMs` at once (the next start recovers from the log). */
  stop(graceMs?: number): Promise<void>;
};

export type EmbeddedPostgresOptions = {
  dataDir: string;
  /** Lines that Postgres writes. */
  onOutput?: (line: string) => void;
  /** Only this port will do: others know it already. */
  port?: number;
  /** false gives up safety against power loss for speed: tests only. */
  durable?: boolean;
};

const READY_WITHIN_MS = 60_000;
const STOP_GRACE_MS = 5_000;
const START_ATTEMPTS = 5;

/** Starts it and waits until it takes connections. One that a killed predecessor left behind is ended first. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = findBinaries();
  const facts = gatherIdentityFacts();
  const identity = chooseIdentity(facts);
  if (identity.kind === "impossible") {
    throw new EmbeddedPostgresError("The embedded Postgres cannot be started.", {
      why: identity.why,
      remedy: "Start Berth as an ordinary user, or set DATABASE_URL to a Postgres of yours.",
    });
  }
  const paths = clusterPaths(options.dataDir);
  await endLeftover(paths.data);
  const firstStart = await ensureCluster({ dataDir: options.dataDir, binaries, identity });
  const program = namedProgram(options.dataDir, binaries.postgres);

  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(paths.port, options.port);
    const command = [
      ...identity.command,
      ...deathSignal(facts),
      program,
      "-D",
      paths.data,
      ...serverSettings(port, options.durable ?? true),
    ];
    const started = await launch({
      command,
      data: paths.data,
      ...(options.onOutput && { onOutput: options.onOutput }),
    });
    if ("failure" in started) {
      // "in use" also says: backends of a killed postmaster are still going. Both pass, the port by choosing another one.
      if (attempt < START_ATTEMPTS && /in use|could not bind|could not create any TCP/i.test(started.failure)) {
        await delay(300 * attempt);
        continue;
      }
      throw explainFailure("The embedded Postgres did not start.", started.failure);
    }
    writeFileSync(paths.port, `${port}\n`, { mode: 0o600 });
    return running({
      child: started.child,
      exited: started.exited,
      port,
      password: readPassword(paths.password),
      firstStart,
      version: binaries.version,
    });
  }
}

/** Where an embedded Postgres of this data directory can be reached right now; null when none runs. */
export function findEmbeddedPostgresUrl(dataDir: string): string | null {
  const paths = clusterPaths(dataDir);
  const file = readPostmasterFile(paths.data);
  if (!file || !existsSync(paths.password) || !isOurs(file.pid, paths.data)) return null;
  return databaseUrl(APP_ROLE, readPassword(paths.password), file.port, APP_DATABASE);
}

function databaseUrl(role: string, password: string, port: number, database: string): string {
  return `postgres://${role}:${password}@127.0.0.1:${port}/${database}`;
}

type Running = {
  child: ChildProcess;
  exited: EmbeddedPostgres["exited"];
  port: number;
  password: string;
  firstStart: boolean;
  version: string;
};

function running({ child, exited, port, password, firstStart, version }: Running): EmbeddedPostgres {
  const pid = child.pid ?? 0;
  return {
    url: databaseUrl(APP_ROLE, password, port, APP_DATABASE),
    superuserUrl: databaseUrl(SUPERUSER, password, port, "postgres"),
    port,
    pid,
    version,
    firstStart,
    exited,
    async stop(graceMs = STOP_GRACE_MS) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // INT: fast shutdown. QUIT: at once, its processes end themselves; KILL would orphan them.
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGQUIT"), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

/**
 * Few processes and little memory when idle: no parallel workers, no replication, no io workers. What a command line does not say
 * is Postgres's default, above all synchronous_commit and full_page_writes.
 */
function serverSettings(port: number, durable: boolean): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    cluster_name: "berth",
    max_connections: 100,
    superuser_reserved_connections: 3,
    shared_buffers: "48MB",
    work_mem: "8MB",
    maintenance_work_mem: "32MB",
    io_method: "sync",
    jit: "off",
    max_worker_processes: 2,
    max_parallel_workers_per_gather: 0,
    max_parallel_maintenance_workers: 0,
    max_logical_replication_workers: 0,
    max_wal_senders: 0,
    max_replication_slots: 0,
    wal_level: "minimal",
    max_wal_size: "512MB",
    min_wal_size: "80MB",
    autovacuum_max_workers: 2,
    fsync: durable ? "on" : "off",
    password_encryption: "scram-sha-256",
    timezone: "UTC",
    log_timezone: "UTC",
    lc_messages: "C",
    log_line_prefix: "%m [%p] ",
    log_checkpoints: "off",
    logging_collector: "off",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** `ps` and `pgrep` show the name of the file that was started: berth-postgres, like our other parts. */
function namedProgram(dataDir: string, postgres: string): string {
  if (process.platform === "win32") return postgres;
  const folder = join(dataDir, "bin");
  const link = join(folder, "berth-postgres");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  rmSync(link, { force: true });
  symlinkSync(postgres, link);
  return link;
}

type Launched = { child: ChildProcess; exited: EmbeddedPostgres["exited"] } | { failure: string };

async function launch(options: {
  command: readonly string[];
  data: string;
  onOutput?: (line: string) => void;
}): Promise<Launched> {
  const [file = "", ...args] = options.command;
  const env =
    process.platform === "win32" ? {} : { env: childEnv({ PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" }) };
  // Its own process group: Ctrl-C in the terminal reaches the supervisor only, which stops all parts in order.
  const child = spawn(file, args, { stdio: ["ignore", "ignore", "pipe"], detached: true, ...env });
  const recent: string[] = [];
  const lines = createInterface({ input: child.stderr });
  lines.on("line", (line) => {
    recent.push(line);
    if (recent.length > 50) recent.shift();
    options.onOutput?.(line);
  });
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on("error", (error) => {
      recent.push(error.message);
      resolve({ code: null, signal: null });
    });
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  let ended = false;
  void exited.then(() => {
    ended = true;
  });
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!ended) {
    const postmaster = readPostmasterFile(options.data);
    if (postmaster && postmaster.pid === child.pid && postmaster.status === "ready") return { child, exited };
    if (Date.now() > deadline) {
      child.kill("SIGQUIT");
      await exited;
      return { failure: `Postgres was not ready within ${READY_WITHIN_MS / 1000} s. ${recent.at(-1) ?? ""}` };
    }
    await delay(10);
  }
  return { failure: recent.join("\n") || "Postgres ended without a word." };
}

type PostmasterFile = { pid: number; port: number; status: string };

/** postmaster.pid, one fact a line: pid, data directory, start time, port, socket directory, address, shared memory, status. */
function readPostmasterFile(data: string): PostmasterFile | null {
  try {
    const lines = readFileSync(join(data, "postmaster.pid"), "utf8").split("\n");
    return { pid: Math.abs(Number(lines[0])), port: Number(lines[3]), status: (lines[7] ?? "").trim() };
  } catch {
    return null; // Not there: nothing runs, or it has not come so far.
  }
}

function isOurs(pid: number, data: string): boolean {
  const found = pid > 0 ? findProcess(pid) : null;
  return found?.command.includes(`postgres -D ${data} `) ?? false;
}

async function endLeftover(data: string): Promise<void> {
  const file = readPostmasterFile(data);
  if (!file) return;
  if (isOurs(file.pid, data)) {
    const steps = [
      { signal: "SIGINT", withinMs: 10_000 },
      { signal: "SIGQUIT", withinMs: 10_000 },
    ] as const;
    if (await endProcess(file.pid, steps)) return;
    throw new EmbeddedPostgresError("Another Postgres uses the data directory.", {
      why: `Process ${file.pid} works on ${data} and does not end.`,
      remedy: `End it: kill -QUIT ${file.pid}`,
    });
  }
  // The pid was given to somebody else since: Postgres would take that process for its predecessor and refuse to start.
  if (isAlive(file.pid)) rmSync(join(data, "postmaster.pid"), { force: true });
}

async function choosePort(path: string, wanted: number | undefined): Promise<number> {
  if (wanted !== undefined) return wanted;
  const kept = existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
  if (Number.isInteger(kept) && kept > 0 && kept < 65_536 && (await tryListen(kept)) !== null) return kept;
  const free = await tryListen(0);
  if (free === null) throw new Error("no free port on 127.0.0.1");
  return free;
}

function tryListen(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on("error", () => resolve(null));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const address = server.address();
      const got = typeof address === "object" && address ? address.port : null;
      server.close(() => resolve(got));
    });
  });
}
