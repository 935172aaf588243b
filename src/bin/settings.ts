// Every setting of Berth: its variable, how its text becomes a value, its default, and the words of docs/configuration.md.
// The parsers are plain functions, not zod: the supervisor reads this table and stays in memory, and zod costs it 17 MB.

import { isIP } from "node:net";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import type { Networking } from "../contract/environments.ts";
import { canonicalHost, parseAllowedHost } from "../contract/host-names.ts";
import type { NamedHost } from "../egress/dial-guard.ts";
import { listOf } from "../egress/refused-addresses.ts";

/** Throws an Error whose message completes the sentence "PORT …", without repeating the value of a secret. */
type Parse<T> = (text: string) => T;

export type Setting<T> = {
  parse: Parse<T>;
  /** Used when the variable is unset or empty. */
  fallback: (env: Environment) => T;
  /** The default as documentation shows it. */
  fallbackText: string;
  /** A value that is accepted, shown when the given one is not. */
  example: string;
  about: string;
  /** Its value is never printed. */
  secret?: true;
};
export type Environment = Readonly<Record<string, string | undefined>>;

function integer(min: number, max: number): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(value)) throw new Error("is not a whole number");
    if (value < min || value > max) throw new Error(`must be between ${min} and ${max}`);
    return value;
  };
}

function decimal(min: number, max: number): Parse<number> {
  return (text) => {
    const value = Number(text);
    if (!/^\d+(\.\d+)?$/.test(text)) throw new Error("is not a number");
    if (value < min || value > max) throw new Error(`must be between ${min} and ${max}`);
    return value;
  };
}

function oneOf<const T extends string>(...choices: T[]): Parse<T> {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new Error(`must be ${choices.map((choice) => `"${choice}"`).join(" or ")}`);
    return found;
  };
}

function url(...protocols: string[]): Parse<string> {
  return (text) => {
    const parsed = URL.canParse(text) ? new URL(text) : null;
    if (!parsed) throw new Error("is not a URL");
    if (!protocols.includes(parsed.protocol))
      throw new Error(`must begin with ${protocols.map((p) => `${p}//`).join(" or ")}`);
    if (!parsed.hostname && parsed.protocol.startsWith("http")) throw new Error("has no host");
    return text;
  };
}

function text(pattern: RegExp, problem: string): Parse<string> {
  return (value) => {
    if (!pattern.test(value)) throw new Error(problem);
    return value;
  };
}

function previewUrl(value: string): string {
  const { hostname, pathname, search, hash, username } = new URL(url("http:", "https:")(value));
  if (pathname !== "/" || search || hash || username) throw new Error("may hold no path and no user, only a domain");
  if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0)
    throw new Error("is an address, and nothing can be named below one");
  if (hostname === "localhost" || !hostname.includes(".")) throw new Error("must be a domain with a dot in it");
  return value;
}

const MIN_API_KEY_LENGTH = 16;

function apiKey(value: string): string {
  if (value.length < MIN_API_KEY_LENGTH) throw new Error(`must have at least ${MIN_API_KEY_LENGTH} characters`);
  if (!/^[\x21-\x7e]+$/.test(value)) throw new Error("may only hold printable ASCII characters without spaces");
  return value;
}

function directory(value: string): string {
  return resolve(value.startsWith("~/") ? join(homedir(), value.slice(2)) : value);
}

function defaultDataDir(env: Environment): string {
  const base = env.XDG_DATA_HOME;
  // The XDG specification: a relative path is ignored.
  return base && isAbsolute(base) ? join(base, "berth") : join(homedir(), ".local", "share", "berth");
}

function listOfTexts<T>(parse: Parse<T>): Parse<T[]> {
  return (value) =>
    value
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map(parse);
}

function allowedHost(value: string): string {
  const { problem } = parseAllowedHost(value);
  if (problem !== null) throw new Error(`names ${JSON.stringify(value)}, which ${problem}`);
  return value;
}

function networkingCeiling(value: string): Networking {
  if (value === "unrestricted") return { type: "unrestricted" };
  const words = listOfTexts((part) => part)(value);
  const flags = ["limited", "package_managers", "mcp_servers"];
  return {
    type: "limited",
    allowed_hosts: words.filter((word) => !flags.includes(word)).map(allowedHost),
    allow_package_managers: words.includes("package_managers"),
    allow_mcp_servers: words.includes("mcp_servers"),
  };
}

function addressRange(value: string): string {
  listOf([value]);
  return value;
}

export type PackageMirror = { host: string; plain: boolean; address: string | null; port: number | null };

/** `host`, `*.host`, `host=address` or `host=address:port`; with `http://` in front where it has no TLS. */
function packageMirror(value: string): PackageMirror {
  const plain = value.startsWith("http://");
  const text = plain ? value.slice("http://".length) : value;
  if (text.includes("=")) return { ...namedHost(text), plain };
  return { host: allowedHost(text), plain, address: null, port: null };
}

function namedHost(value: string): NamedHost {
  const [name = "", place = "", ...rest] = value.split("=");
  const { host, problem } = canonicalHost(name);
  if (host === null) throw new Error(`names the host ${JSON.stringify(name)}, which ${problem}`);
  const match = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)|([0-9a-f:]+:[0-9a-f:.]*))(?::(\d{1,5}))?$/i.exec(place);
  const address = match?.[1] ?? match?.[2] ?? match?.[3] ?? "";
  const port = match?.[4] === undefined ? null : Number(match[4]);
  if (rest.length > 0 || isIP(address) === 0 || (port !== null && (port < 1 || port > 65_535)))
    throw new Error(`gives ${name} the address ${JSON.stringify(place)}, which is none`);
  return { host, address, port };
}

function setting<T>(definition: Setting<T>): Setting<T> {
  return definition;
}

function fixed<T>(value: T): { fallback: () => T; fallbackText: string } {
  return { fallback: () => value, fallbackText: value === null ? "–" : String(value) };
}

export const settings = {
  PORT: setting({
    parse: integer(0, 65_535),
    ...fixed(3000),
    example: "3000",
    about: "Port of the API and the dashboard. 0 takes a free one.",
  }),
  HOST: setting({
    parse: text(/^[A-Za-z0-9.:_-]+$/, "is not a host name or address"),
    ...fixed("127.0.0.1"),
    example: "0.0.0.0",
    about: "Address to listen on. Anything but loopback needs BERTH_API_KEY.",
  }),
  BERTH_UI: setting({
    parse: oneOf("on", "off"),
    ...fixed<"on" | "off">("on"),
    example: "off",
    about: "`off`: the API without the dashboard; nothing is built and web needs less memory.",
  }),
  BERTH_DEV_PAGES: setting({
    parse: oneOf("on", "off"),
    ...fixed<"on" | "off">("off"),
    example: "on",
    about: "`on`: `/dev/components` shows every component in each of its states, for those who change the dashboard.",
  }),
  BERTH_PREVIEW_URL: setting<string | null>({
    parse: previewUrl,
    fallback: () => null,
    fallbackText: "`http://preview.localhost`, on this machine only",
    example: "https://preview-berth.example",
    about:
      "Where browsers find port previews: `{port}-{session}` is put before its host, so its DNS entry and its certificate have to be for `*.` of it, and lead to this server. Used for nothing else, and best not below the dashboard's own domain. See [sandboxes](sandboxes.md#port-previews).",
  }),
  BERTH_DATA_DIR: setting({
    parse: directory,
    fallback: defaultDataDir,
    fallbackText: "`$XDG_DATA_HOME/berth` or `~/.local/share/berth`",
    example: "/var/lib/berth",
    about: "Where everything that must survive lies: database, sandbox disks, API key, logs.",
  }),
  DATABASE_URL: setting<string | null>({
    parse: url("postgres:", "postgresql:"),
    fallback: () => null,
    fallbackText: "embedded Postgres",
    example: "postgres://berth:password@db.internal:5432/berth",
    about:
      "A Postgres 15 or newer of yours. Unset: Berth runs its own on 127.0.0.1, in the data directory. A data directory belongs to one database: on another one Berth runs, removes nothing of it, and says what to do.",
    secret: true,
  }),
  BERTH_API_KEY: setting<string | null>({
    parse: apiKey,
    fallback: () => null,
    fallbackText: "made at first start",
    example: "a text of 16 or more characters, for instance from: openssl rand -hex 24",
    about:
      "The API key of the default team. Unset: made at first start and kept in `<data>/api-key`, readable by you only.",
    secret: true,
  }),
  LITELLM_GATEWAY_URL: setting<string | null>({
    parse: url("http:", "https:"),
    fallback: () => null,
    fallbackText: "demo model",
    example: "http://127.0.0.1:4000",
    about: "The LiteLLM gateway that serves the models. Unset: the built-in demo model answers.",
  }),
  LITELLM_API_KEY: setting<string | null>({
    parse: text(/^[\x21-\x7e]+$/, "may only hold printable ASCII characters without spaces"),
    fallback: () => null,
    fallbackText: "–",
    example: "sk-…",
    about: "The key that Berth shows to the gateway.",
    secret: true,
  }),
  BERTH_DEFAULT_MODEL: setting<string | null>({
    parse: text(/^\S+$/, "may not hold spaces"),
    fallback: () => null,
    fallbackText: "the first that can be talked to",
    example: "claude-sonnet-5",
    about: 'Model of "Hello agent", which a team that never had an agent finds at the first start.',
  }),
  BERTH_WORKER_CONCURRENCY: setting({
    parse: integer(1, 1000),
    ...fixed(50),
    example: "50",
    about: "Turns that one worker runs at the same time.",
  }),
  BERTH_TEAM_SESSIONS: setting<number | null>({
    parse: integer(1, 100_000),
    fallback: () => null,
    fallbackText: "no limit",
    example: "20",
    about:
      "Turns of one team that run at the same time, of all workers together: give each worker the same. More of them wait, and their timelines say so.",
  }),
  BERTH_TEAM_SANDBOXES: setting<number | null>({
    parse: integer(1, 100_000),
    fallback: () => null,
    fallbackText: "no limit",
    example: "10",
    about:
      "Sandboxes of one team that run at the same time. A session whose tools need one more waits and says so; while it does, the team's sandboxes that nobody uses sleep after ten seconds.",
  }),
  BERTH_SANDBOX_BACKEND: setting({
    parse: oneOf("local"),
    ...fixed<"local">("local"),
    example: "local",
    about: "What makes sandboxes.",
  }),
  BERTH_SANDBOX_WARM: setting({
    parse: integer(0, 100),
    ...fixed(2),
    example: "2",
    about: "Blank sandboxes kept ready, so that nobody waits for a start.",
  }),
  BERTH_SANDBOX_IDLE_S: setting({
    parse: integer(5, 604_800),
    ...fixed(600),
    example: "600",
    about:
      "Seconds without use after which a sandbox is hibernated: its processes end, its disk stays. An open terminal and a process in the background count as use.",
  }),
  BERTH_SANDBOX_MEMORY_MB: setting({
    parse: integer(64, 1_048_576),
    ...fixed(2048),
    example: "2048",
    about: "Memory of one sandbox, in MB.",
  }),
  BERTH_SANDBOX_CPUS: setting({
    parse: decimal(0.1, 1024),
    ...fixed(2),
    example: "1.5",
    about: "CPUs of one sandbox.",
  }),
  BERTH_SANDBOX_PIDS: setting({
    // Fewer are not enough for the runner and a shell.
    parse: integer(32, 100_000),
    ...fixed(512),
    example: "512",
    about: "Processes and threads of one sandbox.",
  }),
  BERTH_SANDBOX_DISK_MB: setting({
    parse: integer(64, 10_485_760),
    ...fixed(4096),
    example: "4096",
    about: "Disk of one sandbox (`/workspace` and home together), in MB.",
  }),
  BERTH_PACKAGES_DISK_MB: setting({
    parse: integer(1, 1_073_741_824),
    ...fixed(20_480),
    example: "20480",
    about:
      "Disk of all installed packages of environments together, in MB. Beyond it go those that nobody used for longest; those in use stay.",
  }),
  BERTH_BLOBS: setting({
    parse: oneOf("directory", "s3"),
    ...fixed<"directory" | "s3">("directory"),
    example: "s3",
    about: "Where snapshots of sandboxes' files are kept: `directory`, in the data directory, or `s3`, in a bucket.",
  }),
  BERTH_S3_ENDPOINT: setting<string | null>({
    parse: url("http:", "https:"),
    fallback: () => null,
    fallbackText: "AWS's own of the region",
    example: "https://s3.example.org",
    about: "With `BERTH_BLOBS=s3`: where the S3-compatible store answers.",
  }),
  BERTH_S3_BUCKET: setting<string | null>({
    parse: text(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "is not a name of a bucket"),
    fallback: () => null,
    fallbackText: "–",
    example: "berth",
    about: "With `BERTH_BLOBS=s3`: the bucket. It has to exist.",
  }),
  BERTH_S3_REGION: setting({
    parse: text(/^[a-z0-9-]+$/, "is not a region"),
    ...fixed("us-east-1"),
    example: "eu-central-1",
    about: "With `BERTH_BLOBS=s3`: the bucket's region.",
  }),
  BERTH_S3_ACCESS_KEY_ID: setting<string | null>({
    parse: text(/^[\x21-\x7e]+$/, "may only hold printable ASCII characters without spaces"),
    fallback: () => null,
    fallbackText: "–",
    example: "AKIAEXAMPLE",
    about: "With `BERTH_BLOBS=s3`: the id of the key that may read and write the bucket.",
    secret: true,
  }),
  BERTH_S3_SECRET_ACCESS_KEY: setting<string | null>({
    parse: text(/^[\x21-\x7e]+$/, "may only hold printable ASCII characters without spaces"),
    fallback: () => null,
    fallbackText: "–",
    example: "the-secret-of-that-key",
    about: "With `BERTH_BLOBS=s3`: the secret of that key.",
    secret: true,
  }),
  BERTH_S3_PATH_STYLE: setting({
    parse: oneOf("auto", "on", "off"),
    ...fixed<"auto" | "on" | "off">("auto"),
    example: "off",
    about: "`on`: `endpoint/bucket/key`; `off`: `bucket.endpoint/key`; `auto` is `on` where an endpoint is set.",
  }),
  BERTH_KEK: setting<string | null>({
    parse: text(/^[A-Za-z0-9+/=_,\s-]{43,}$/, "is not a key of 32 bytes as base64"),
    fallback: () => null,
    fallbackText: "`<data>/kek`, made at first start",
    example: "put-the-output-of-openssl-rand-base64-32-here",
    about:
      "The key that seals what vaults hold: 32 bytes as base64. The same on every machine of one database. During a rotation two, apart by a comma: the new one, then the old one. See [vaults](vaults.md).",
    secret: true,
  }),
  BERTH_KEK_COMMAND: setting<string | null>({
    parse: (command) => command,
    fallback: () => null,
    fallbackText: "–",
    example: "cat /run/secrets/berth-kek",
    about:
      "Instead of `BERTH_KEK`: a shell command that prints it, such as the call of a key management service. Run at each start, and again after a rotation.",
  }),
  BERTH_DEFAULT_NETWORKING: setting({
    parse: oneOf("unrestricted", "limited"),
    ...fixed<"unrestricted" | "limited">("unrestricted"),
    example: "limited",
    about:
      "What sandboxes reach in environments that are made without a choice: `unrestricted`, every public host, or `limited`, none until hosts are allowed. Those that exist keep what they have.",
  }),
  BERTH_NETWORKING_CEILING: setting<Networking>({
    parse: networkingCeiling,
    fallback: () => ({ type: "unrestricted" }),
    fallbackText: "`unrestricted`",
    example: "api.github.com,*.corp.example,package_managers",
    about:
      "What no environment may exceed: `unrestricted`, or the hosts that environments may allow, by commas, with `package_managers` and `mcp_servers` where those may be allowed, too; `limited` alone is nothing. More is refused when it is written. Environments that say more already keep what they say and reach only what lies below the ceiling; those made without a choice are `limited`. The same on every machine of one database.",
  }),
  BERTH_EGRESS_HOSTS: setting<NamedHost[]>({
    parse: listOfTexts(namedHost),
    fallback: () => [],
    fallbackText: "–",
    example: "npm.corp.example=10.0.0.5,git.corp.example=10.0.0.6:8443",
    about:
      "Hosts of yours with their addresses, `name=address` or `name=address:port`, by commas: the only private addresses that sandboxes, and what the server asks for sessions (MCP servers, token endpoints), can reach, where the environment allows the name. Their certificates are verified like all others.",
  }),
  BERTH_EGRESS_REFUSED: setting<string[]>({
    parse: listOfTexts(addressRange),
    fallback: () => [],
    fallbackText: "–",
    example: "203.0.113.0/24,2001:db8:1::/48",
    about:
      "Ranges of addresses that no sandbox may reach, by commas, besides private ones, this machine's own and those of cloud metadata, which never can be.",
  }),
  BERTH_EGRESS_CA_FILE: setting<string | null>({
    parse: directory,
    fallback: () => null,
    fallbackText: "–",
    example: "/etc/ssl/corp-ca.pem",
    about: "Certificates (PEM) by which hosts are verified, besides those of the system.",
  }),
  BERTH_PACKAGE_HOSTS: setting<PackageMirror[]>({
    parse: listOfTexts(packageMirror),
    fallback: () => [],
    fallbackText: "–",
    example: "npm.corp.example=10.0.0.5,http://deb.corp.example=10.0.0.6",
    about:
      "What `allow_package_managers` of an environment allows, by commas, besides the hosts that npm, pip, apt, go, cargo and gem of this machine are set to. `name=address` or `name=address:port` is a mirror on a private address, which is reached by no other name; `http://` in front is for one without TLS, to which nothing secret is sent.",
  }),
  BERTH_SEARCH_URL: setting<string | null>({
    parse: url("http:", "https:"),
    fallback: () => null,
    fallbackText: "–",
    example: "http://127.0.0.1:8080",
    about:
      "A SearXNG (or what answers like its JSON interface) that `web_search` asks. Without one the tool is not offered to agents.",
  }),
  BERTH_INSTALL: setting({
    parse: oneOf("auto", "never"),
    ...fixed<"auto" | "never">("auto"),
    example: "never",
    about: "`auto`: as root on Debian or Ubuntu, a missing bubblewrap is installed with apt and Berth says so.",
  }),
  BERTH_LOG_LEVEL: setting({
    parse: oneOf("trace", "debug", "info", "warn", "error", "silent"),
    ...fixed<"trace" | "debug" | "info" | "warn" | "error" | "silent">("info"),
    example: "debug",
    about:
      "What goes to the log files in `<data>/logs`; the terminal shows warnings and errors only, unless `--verbose`.",
  }),
  BERTH_LOG_FORMAT: setting({
    parse: oneOf("auto", "json", "pretty"),
    ...fixed<"auto" | "json" | "pretty">("auto"),
    example: "json",
    about: "Lines on the terminal: `pretty` for people, `json` for machines; `auto` is pretty on a terminal.",
  }),
};

export type SettingName = keyof typeof settings;

/** Variables of this prefix are put into every sandbox, without the prefix. */
export const SANDBOX_ENV_PREFIX = "CONTAINER_ENV_";
