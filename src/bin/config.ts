// The configuration: read from the environment and `.env`, checked at once, complained about in words. The only reader of process.env.

import { randomBytes } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import type { Networking } from "../contract/environments.ts";
import type { NamedHost } from "../egress/dial-guard.ts";
import type { LogLevel } from "../lib/logger.ts";
import { looksSecret } from "./looks-secret.ts";
import {
  type Environment,
  type PackageMirror,
  SANDBOX_ENV_PREFIX,
  type Setting,
  type SettingName,
  settings,
} from "./settings.ts";

export type Config = {
  port: number;
  host: string;
  ui: "on" | "off";
  devPages: "on" | "off";
  /** null: port previews are on this machine. */
  previewUrl: string | null;
  dataDir: string;
  /** null: the embedded Postgres. */
  databaseUrl: string | null;
  /** null: made at first start, see `ensureApiKey`. */
  apiKey: string | null;
  gatewayUrl: string | null;
  gatewayApiKey: string | null;
  defaultModel: string | null;
  workerConcurrency: number;
  teamSessions: number | null;
  teamSandboxes: number | null;
  sandbox: {
    backend: "local";
    warm: number;
    idleS: number;
    memoryMb: number;
    cpus: number;
    pids: number;
    diskMb: number;
    packagesDiskMb: number;
    /** From `CONTAINER_ENV_*`, prefix stripped. */
    env: Readonly<Record<string, string>>;
  };
  blobs: {
    store: "directory" | "s3";
    s3: {
      endpoint: string | null;
      bucket: string | null;
      region: string;
      accessKeyId: string | null;
      secretAccessKey: string | null;
      pathStyle: boolean;
    };
  };
  /** Keys that seal secrets, and the command that prints them; both null: a file of the data directory. */
  kek: string | null;
  kekCommand: string | null;
  egress: {
    /** Of environments that are made without a choice. */
    defaultNetworking: "unrestricted" | "limited";
    /** What no environment may exceed. */
    networkingCeiling: Networking;
    namedHosts: readonly NamedHost[];
    refusedRanges: readonly string[];
    caFile: string | null;
    packageHosts: readonly PackageMirror[];
  };
  /** Of the service that `web_search` asks; null: there is none. */
  searchUrl: string | null;
  install: "auto" | "never";
  logLevel: LogLevel;
  logFormat: "auto" | "json" | "pretty";
  /** Things that are odd but do not stop a start, one sentence each. */
  warnings: readonly string[];
};

/** What is wrong with the configuration, one entry a variable. */
export class ConfigError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/** Variables that begin with BERTH_ and are not the server's: tests, CI and the command line read them, or the supervisor hands them to its parts. */
const FOREIGN_NAMES = new Set(["BERTH_CACHE_DIR", "BERTH_SUPERVISED", "BERTH_URL"]);

/** The real environment over `.env` of the working directory, checked. Throws `ConfigError` with everything that is wrong. */
export function loadConfig(source: { env: Environment; cwd: string }): Config {
  return parseConfig({ ...readDotEnv(source.cwd), ...source.env });
}

/** For entry points: the configuration of this process, or a message on stderr and exit code 1. */
export function loadConfigOrExit(): Config {
  try {
    const config = loadConfig({ env: process.env, cwd: process.cwd() });
    if (!process.env.BERTH_SUPERVISED) for (const warning of config.warnings) console.error(`Warning: ${warning}`);
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(describeConfigError(error));
    process.exit(1);
  }
}

export function describeConfigError(error: ConfigError): string {
  return [
    "Berth cannot start: the configuration is wrong.",
    ...error.problems.map((problem) => `  ${problem}`),
    "All settings: docs/configuration.md",
  ].join("\n");
}

/** Pure: variables to configuration. */
export function parseConfig(env: Environment): Config {
  const problems: string[] = [];
  const warnings: string[] = [];

  function read<T>(name: SettingName, setting: Setting<T>): T {
    const text = env[name]?.trim();
    if (!text) return setting.fallback(env);
    try {
      return setting.parse(text);
    } catch (error) {
      const shown = setting.secret ? "" : `=${JSON.stringify(text)}`;
      problems.push(
        `${name}${shown} ${error instanceof Error ? error.message : "is wrong"}. Example: ${name}=${setting.example}`,
      );
      return setting.fallback(env);
    }
  }

  const config: Config = {
    port: read("PORT", settings.PORT),
    host: read("HOST", settings.HOST),
    ui: read("BERTH_UI", settings.BERTH_UI),
    devPages: read("BERTH_DEV_PAGES", settings.BERTH_DEV_PAGES),
    previewUrl: read("BERTH_PREVIEW_URL", settings.BERTH_PREVIEW_URL),
    dataDir: read("BERTH_DATA_DIR", settings.BERTH_DATA_DIR),
    databaseUrl: read("DATABASE_URL", settings.DATABASE_URL),
    apiKey: read("BERTH_API_KEY", settings.BERTH_API_KEY),
    gatewayUrl: read("LITELLM_GATEWAY_URL", settings.LITELLM_GATEWAY_URL),
    gatewayApiKey: read("LITELLM_API_KEY", settings.LITELLM_API_KEY),
    defaultModel: read("BERTH_DEFAULT_MODEL", settings.BERTH_DEFAULT_MODEL),
    workerConcurrency: read("BERTH_WORKER_CONCURRENCY", settings.BERTH_WORKER_CONCURRENCY),
    teamSessions: read("BERTH_TEAM_SESSIONS", settings.BERTH_TEAM_SESSIONS),
    teamSandboxes: read("BERTH_TEAM_SANDBOXES", settings.BERTH_TEAM_SANDBOXES),
    sandbox: {
      backend: read("BERTH_SANDBOX_BACKEND", settings.BERTH_SANDBOX_BACKEND),
      warm: read("BERTH_SANDBOX_WARM", settings.BERTH_SANDBOX_WARM),
      idleS: read("BERTH_SANDBOX_IDLE_S", settings.BERTH_SANDBOX_IDLE_S),
      memoryMb: read("BERTH_SANDBOX_MEMORY_MB", settings.BERTH_SANDBOX_MEMORY_MB),
      cpus: read("BERTH_SANDBOX_CPUS", settings.BERTH_SANDBOX_CPUS),
      pids: read("BERTH_SANDBOX_PIDS", settings.BERTH_SANDBOX_PIDS),
      diskMb: read("BERTH_SANDBOX_DISK_MB", settings.BERTH_SANDBOX_DISK_MB),
      packagesDiskMb: read("BERTH_PACKAGES_DISK_MB", settings.BERTH_PACKAGES_DISK_MB),
      env: sandboxEnv(env, problems),
    },
    blobs: {
      store: read("BERTH_BLOBS", settings.BERTH_BLOBS),
      s3: {
        endpoint: read("BERTH_S3_ENDPOINT", settings.BERTH_S3_ENDPOINT),
        bucket: read("BERTH_S3_BUCKET", settings.BERTH_S3_BUCKET),
        region: read("BERTH_S3_REGION", settings.BERTH_S3_REGION),
        accessKeyId: read("BERTH_S3_ACCESS_KEY_ID", settings.BERTH_S3_ACCESS_KEY_ID),
        secretAccessKey: read("BERTH_S3_SECRET_ACCESS_KEY", settings.BERTH_S3_SECRET_ACCESS_KEY),
        pathStyle: isPathStyle(read("BERTH_S3_PATH_STYLE", settings.BERTH_S3_PATH_STYLE), env),
      },
    },
    kek: read("BERTH_KEK", settings.BERTH_KEK),
    kekCommand: read("BERTH_KEK_COMMAND", settings.BERTH_KEK_COMMAND),
    egress: {
      defaultNetworking: read("BERTH_DEFAULT_NETWORKING", settings.BERTH_DEFAULT_NETWORKING),
      networkingCeiling: read("BERTH_NETWORKING_CEILING", settings.BERTH_NETWORKING_CEILING),
      namedHosts: read("BERTH_EGRESS_HOSTS", settings.BERTH_EGRESS_HOSTS),
      refusedRanges: read("BERTH_EGRESS_REFUSED", settings.BERTH_EGRESS_REFUSED),
      caFile: read("BERTH_EGRESS_CA_FILE", settings.BERTH_EGRESS_CA_FILE),
      packageHosts: read("BERTH_PACKAGE_HOSTS", settings.BERTH_PACKAGE_HOSTS),
    },
    searchUrl: read("BERTH_SEARCH_URL", settings.BERTH_SEARCH_URL),
    install: read("BERTH_INSTALL", settings.BERTH_INSTALL),
    logLevel: read("BERTH_LOG_LEVEL", settings.BERTH_LOG_LEVEL),
    logFormat: read("BERTH_LOG_FORMAT", settings.BERTH_LOG_FORMAT),
    warnings,
  };

  if (!isLoopback(config.host) && !env.BERTH_API_KEY?.trim()) {
    problems.push(
      `HOST=${JSON.stringify(config.host)} can be reached from other machines, so BERTH_API_KEY must be set by you. Example: BERTH_API_KEY=${settings.BERTH_API_KEY.example}`,
    );
  }
  if (config.blobs.store === "s3")
    for (const name of ["BERTH_S3_BUCKET", "BERTH_S3_ACCESS_KEY_ID", "BERTH_S3_SECRET_ACCESS_KEY"] as const)
      if (!env[name]?.trim())
        problems.push(`${name} is not set, and BERTH_BLOBS=s3 needs it. Example: ${name}=${settings[name].example}`);
  if (config.kek && config.kekCommand)
    problems.push("BERTH_KEK and BERTH_KEK_COMMAND are both set. Leave one of them out.");
  if (config.gatewayApiKey && !config.gatewayUrl)
    warnings.push("LITELLM_API_KEY is set but LITELLM_GATEWAY_URL is not: the demo model answers.");
  for (const [name, value] of Object.entries(config.sandbox.env))
    if (looksSecret(name, value))
      warnings.push(
        `${SANDBOX_ENV_PREFIX}${name} looks like a credential, and every agent can read it. A vault is the place for it: docs/vaults.md`,
      );
  for (const name of Object.keys(env)) {
    if (!name.startsWith("BERTH_") || name in settings || FOREIGN_NAMES.has(name)) continue;
    warnings.push(`${name} is not a setting of Berth. Did you mean ${nearest(name, Object.keys(settings))}?`);
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function isPathStyle(asked: "auto" | "on" | "off", env: Environment): boolean {
  return asked === "auto" ? Boolean(env.BERTH_S3_ENDPOINT?.trim()) : asked === "on";
}

function sandboxEnv(env: Environment, problems: string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(SANDBOX_ENV_PREFIX) || value === undefined) continue;
    const inner = name.slice(SANDBOX_ENV_PREFIX.length);
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(inner)) found[inner] = value;
    else
      problems.push(
        `${name} does not name a variable after the prefix. Example: ${SANDBOX_ENV_PREFIX}TZ=Europe/Vienna`,
      );
  }
  return found;
}

/** Where a browser on this machine finds the dashboard. `port` when it was chosen at start (PORT=0). */
export function dashboardUrl(config: Pick<Config, "host" | "port">, port: number = config.port): string {
  const everywhere = config.host === "0.0.0.0" || config.host === "::";
  const host = everywhere ? "127.0.0.1" : config.host.includes(":") ? `[${config.host}]` : config.host;
  return `http://${host}:${port}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The candidate with the fewest edits from `name`. */
export function nearest(name: string, candidates: readonly string[]): string {
  let best = { candidate: "", edits: Number.POSITIVE_INFINITY };
  for (const candidate of candidates) {
    const edits = editDistance(name, candidate);
    if (edits < best.edits) best = { candidate, edits };
  }
  return best.candidate;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] ?? 0;
      const left = next[j - 1] ?? 0;
      const diagonal = row[j - 1] ?? 0;
      next.push(Math.min(above + 1, left + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

export function readDotEnv(cwd: string): Environment {
  const path = join(cwd, ".env");
  try {
    return parseEnv(readFileSync(path, "utf8"));
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return {};
    throw new ConfigError([`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

/** Makes the data directory, for its owner only. Throws `ConfigError` in words when that is not possible. */
export function ensureDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    chmodSync(dataDir, 0o700);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigError([
      `BERTH_DATA_DIR=${JSON.stringify(dataDir)} cannot be used: ${why}. Example: BERTH_DATA_DIR=~/berth-data`,
    ]);
  }
}

/** The default team's API key: the operator's, or the one in `<data>/api-key`, made on first use. Safe when several processes ask at once. */
export function ensureApiKey(config: Pick<Config, "apiKey" | "dataDir">): { apiKey: string; path: string | null } {
  if (config.apiKey) return { apiKey: config.apiKey, path: null };
  const path = join(config.dataDir, "api-key");
  const kept = readKey(path);
  if (kept) return { apiKey: kept, path };
  ensureDataDir(config.dataDir);
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `berth_${randomBytes(24).toString("base64url")}\n`, { mode: 0o600, flush: true });
  try {
    // A link never replaces: of two processes at once the second finds the first one's key.
    linkSync(temporary, path);
  } catch (error) {
    if (!hasErrno(error, "EEXIST")) throw error;
  } finally {
    unlinkSync(temporary);
  }
  const made = readKey(path);
  if (!made) throw new Error(`${path} is empty: remove it, a new key is made at the next start`);
  return { apiKey: made, path };
}

function readKey(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim() || null;
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return null;
    throw error;
  }
}

function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
