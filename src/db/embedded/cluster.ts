// The data directory of the embedded Postgres: made once, completely or not at all, and owned by whom Postgres runs as.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { childEnv } from "../../lib/child-env.ts";
import { EmbeddedPostgresError, type PostgresBinaries } from "./binaries.ts";

export const APP_ROLE = "berth";
export const APP_DATABASE = "berth";
/** Owner of the cluster. Berth itself connects as `APP_ROLE`, which is no superuser. */
export const SUPERUSER = "postgres";

export type ClusterPaths = {
  /** PGDATA. */
  data: string;
  /** One random password for both roles, 0600. */
  password: string;
  /** The port of the last start: kept, so that restarts of Postgres alone leave everybody's DATABASE_URL true. */
  port: string;
};

export function clusterPaths(dataDir: string): ClusterPaths {
  return {
    data: join(dataDir, "postgres"),
    password: join(dataDir, "postgres-password"),
    port: join(dataDir, "postgres-port"),
  };
}

type ClusterOptions = {
  dataDir: string;
  binaries: PostgresBinaries;
  identity: { command: readonly string[]; owner: number };
};

/** Makes the cluster when there is none. True when it was made now. */
export async function ensureCluster(options: ClusterOptions): Promise<boolean> {
  const paths = clusterPaths(options.dataDir);
  if (existsSync(join(paths.data, "PG_VERSION"))) {
    checkMajorVersion(paths.data, options.binaries);
    giveTo(paths.data, options.identity.owner);
    return false;
  }
  for (const entry of readdirSync(options.dataDir)) {
    if (entry.startsWith("postgres.making-")) rmSync(join(options.dataDir, entry), { recursive: true, force: true });
  }
  const password = readOrMakePassword(paths.password);
  // Only a finished cluster gets the name under which it is looked for: a kill in the middle leaves rubbish, never half a database.
  const making = join(options.dataDir, `postgres.making-${process.pid}`);
  mkdirSync(making, { mode: 0o700 });
  giveTo(making, options.identity.owner);
  await initdb(making, options);
  await createRoleAndDatabase(making, password, options);
  renameSync(making, paths.data);
  return true;
}

async function initdb(data: string, options: ClusterOptions): Promise<void> {
  const args = [
    `--pgdata=${data}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${clusterPaths(options.dataDir).password}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ];
  await run("initdb", [...options.identity.command, options.binaries.initdb, ...args], "");
}

/** In single-user mode: no port is opened, nobody can come between. */
async function createRoleAndDatabase(data: string, password: string, options: ClusterOptions): Promise<void> {
  const statements = [
    `create role ${APP_ROLE} login password '${password}'`,
    `create database ${APP_DATABASE} owner ${APP_ROLE}`,
    "revoke connect on database postgres from public",
  ];
  const args = ["--single", "-D", data, "-c", "log_min_messages=error", "-c", "unix_socket_directories=", "postgres"];
  await run(
    "postgres",
    [...options.identity.command, options.binaries.postgres, ...args],
    `${statements.join("\n")}\n`,
  );
}

function readOrMakePassword(path: string): string {
  if (existsSync(path)) return readPassword(path);
  // Hexadecimal: safe in SQL literals and in URLs.
  const password = randomBytes(24).toString("hex");
  writeFileSync(path, `${password}\n`, { mode: 0o600, flush: true });
  return password;
}

export function readPassword(path: string): string {
  return readFileSync(path, "utf8").trim();
}

function checkMajorVersion(data: string, binaries: PostgresBinaries): void {
  const made = readFileSync(join(data, "PG_VERSION"), "utf8").trim();
  const have = binaries.version.split(".")[0];
  if (made === have) return;
  throw new EmbeddedPostgresError("The database was made by another Postgres.", {
    why: `${data} belongs to Postgres ${made}, this Berth brings Postgres ${have}.`,
    remedy: `Start the Berth release that brings Postgres ${made}, or set DATABASE_URL to a Postgres that holds your data.`,
  });
}

/** Postgres refuses a data directory of somebody else. Changes hands only when whom it runs as has changed. */
function giveTo(path: string, owner: number): void {
  if (owner < 0 || process.getuid?.() !== 0 || statSync(path).uid === owner) return;
  for (const entry of readdirSync(path, { recursive: true, encoding: "utf8" }))
    lchownSync(join(path, entry), owner, owner);
  chownSync(path, owner, owner);
}

function run(name: string, command: readonly string[], input: string): Promise<void> {
  const [file = "", ...args] = command;
  return new Promise((resolve, reject) => {
    const env =
      process.platform === "win32" ? {} : { env: childEnv({ PATH: "/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" }) };
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], ...env });
    let output = "";
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.stdin.on("error", () => collect(Buffer.from(`${name} did not read its input`)));
    child.stdin.end(input);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0 && !/^(FATAL|ERROR|PANIC):/m.test(output)) return resolve();
      reject(
        explainFailure(
          "The embedded Postgres could not make its database.",
          output || `${name} ended with code ${code}`,
        ),
      );
    });
  });
}

/** What a Postgres program said, as what, why and what to do. */
export function explainFailure(what: string, output: string): EmbeddedPostgresError {
  const lines = output.trim().split("\n");
  const said = lines.findLast((line) => /error|fatal|panic/i.test(line)) ?? lines.at(-1) ?? "";
  const why = said.replace(/^.*?(FATAL|PANIC|ERROR|error):\s*/, "").trim();
  const remedies: [RegExp, string][] = [
    [/No space left/i, "Free some disk space where the data directory lies."],
    [
      /Permission denied|not permitted/i,
      "Make the data directory writable for the user that runs Berth, or set BERTH_DATA_DIR to another place.",
    ],
    [/in use|could not bind/i, "Another program holds the port; it is chosen anew at the next start."],
    [/shared memory|shm/i, "Give the machine or container more shared memory (/dev/shm), or set DATABASE_URL."],
  ];
  const remedy = remedies.find(([pattern]) => pattern.test(output))?.[1];
  return new EmbeddedPostgresError(what, {
    why,
    remedy: remedy ?? "See logs/postgres.log in the data directory, or set DATABASE_URL to a Postgres of yours.",
  });
}
