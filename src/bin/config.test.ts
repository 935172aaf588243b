// What a configuration means, and what is said about a wrong one.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, dashboardUrl, ensureApiKey, loadConfig, nearest, parseConfig } from "./config.ts";
import { configurationPage } from "./configuration-page.ts";
import { settings } from "./settings.ts";

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("without any variable", () => {
  it("everything has a default that a laptop can use", () => {
    const config = parseConfig({});
    expect(config).toMatchObject({
      port: 3000,
      host: "127.0.0.1",
      databaseUrl: null,
      apiKey: null,
      gatewayUrl: null,
      warnings: [],
    });
    expect(config.dataDir).toBe(join(homedir(), ".local/share/berth"));
  });
  it("an empty variable counts as unset", () =>
    expect(parseConfig({ PORT: "", DATABASE_URL: " " })).toMatchObject({ port: 3000, databaseUrl: null }));
  it("the data directory follows XDG_DATA_HOME", () =>
    expect(parseConfig({ XDG_DATA_HOME: "/x" }).dataDir).toBe("/x/berth"));
  it("a relative XDG_DATA_HOME is ignored, as its specification says", () =>
    expect(parseConfig({ XDG_DATA_HOME: "x" }).dataDir).toBe(join(homedir(), ".local/share/berth")));
});

it("a variable for sandboxes that looks like a credential is warned of, without its value", () => {
  const { warnings } = parseConfig({
    CONTAINER_ENV_GITHUB_TOKEN: "ghp_16C7e42F292c6912",
    CONTAINER_ENV_TZ: "Europe/Vienna",
  });
  expect(warnings).toEqual([
    expect.stringMatching(/^CONTAINER_ENV_GITHUB_TOKEN looks like a credential.*docs\/vaults\.md$/),
  ]);
});

it("KEKs come from one place", () => {
  expect(() => parseConfig({ BERTH_KEK: "k".repeat(44), BERTH_KEK_COMMAND: "cat kek" })).toThrow(/both set/);
});

describe("a wrong value", () => {
  it.each([
    ["PORT", "http"],
    ["PORT", "65536"],
    ["PORT", "3000.5"],
    ["HOST", "a b"],
    ["DATABASE_URL", "mysql://x"],
    ["DATABASE_URL", "x"],
    ["BERTH_API_KEY", "short"],
    ["BERTH_API_KEY", "with a space in the middle"],
    ["LITELLM_GATEWAY_URL", "not a url"],
    ["LITELLM_GATEWAY_URL", "ftp://x"],
    ["LITELLM_API_KEY", "line\nbreak"],
    ["BERTH_WORKER_CONCURRENCY", "0"],
    ["BERTH_SANDBOX_BACKEND", "vm"],
    ["BERTH_SANDBOX_IDLE_S", "1e3"],
    ["BERTH_SANDBOX_MEMORY_MB", "-5"],
    ["BERTH_SANDBOX_CPUS", "two"],
    ["BERTH_SANDBOX_PIDS", "NaN"],
    ["BERTH_SANDBOX_PIDS", "31"],
    ["BERTH_SANDBOX_DISK_MB", "1"],
    ["BERTH_PACKAGES_DISK_MB", "20GB"],
    ["BERTH_PACKAGES_DISK_MB", "0"],
    ["BERTH_SANDBOX_WARM", "-1"],
    ["BERTH_INSTALL", "yes"],
    ["BERTH_UI", "maybe"],
    ["BERTH_PREVIEW_URL", "preview.example"],
    ["BERTH_PREVIEW_URL", "https://localhost"],
    ["BERTH_PREVIEW_URL", "https://10.0.0.1"],
    ["BERTH_PREVIEW_URL", "https://preview.example/path"],
    ["BERTH_LOG_LEVEL", "loud"],
    ["BERTH_LOG_FORMAT", "xml"],
    ["CONTAINER_ENV_", "x"],
    ["CONTAINER_ENV_1A", "x"],
  ])("%s=%j ends the start with its name and an example", (name, value) => {
    const problems = problemsOf({ [name]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(new RegExp(`^${name}.*Example: `));
  });

  it("is told together with all other wrong ones", () =>
    expect(problemsOf({ PORT: "x", BERTH_UI: "x", BERTH_INSTALL: "x" })).toHaveLength(3));

  it("is shown, unless it may be a secret", () => {
    expect(problemsOf({ PORT: "abc" })[0]).toContain("abc");
    const secrets = { DATABASE_URL: "mysql://hunter2-a", BERTH_API_KEY: "hunter2-b", LITELLM_API_KEY: "hunter2 c" };
    const problems = problemsOf(secrets);
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain("hunter2");
  });

  it("is impossible as an example", () => {
    for (const [name, setting] of Object.entries(settings)) {
      if (name !== "BERTH_API_KEY" && name !== "LITELLM_API_KEY")
        expect(() => setting.parse(setting.example), name).not.toThrow();
    }
  });
});

describe("listening beyond this machine", () => {
  it.each(["0.0.0.0", "::", "192.168.1.5", "berth.internal"])("on %s needs a key that the operator set", (host) => {
    expect(problemsOf({ HOST: host })[0]).toContain("BERTH_API_KEY must be set by you");
    expect(problemsOf({ HOST: host, BERTH_API_KEY: "0123456789abcdef" })).toEqual([]);
  });
  it.each(["127.0.0.1", "127.1.2.3", "localhost", "::1"])("is not what %s does", (host) =>
    expect(problemsOf({ HOST: host })).toEqual([]),
  );
});

describe("warnings", () => {
  it("name the setting that was probably meant", () =>
    expect(parseConfig({ BERTH_SANDBOX_MEMORY: "1" }).warnings[0]).toContain("Did you mean BERTH_SANDBOX_MEMORY_MB?"));
  it("come for a gateway key without a gateway", () =>
    expect(parseConfig({ LITELLM_API_KEY: "sk-1" }).warnings[0]).toContain("LITELLM_GATEWAY_URL"));
  it("do not come for other programs' variables", () =>
    expect(parseConfig({ PATH: "/bin", BERTH_CACHE_DIR: "/x" }).warnings).toEqual([]));
});

it("the nearest name is the one with the fewest edits", () =>
  expect(nearest("BERTH_DATADIR", Object.keys(settings))).toBe("BERTH_DATA_DIR"));

it("CONTAINER_ENV_* becomes the sandboxes' environment, prefix stripped, spaces kept", () =>
  expect(parseConfig({ CONTAINER_ENV_TZ: "Europe/Vienna", CONTAINER_ENV_A_1: " x " }).sandbox.env).toEqual({
    TZ: "Europe/Vienna",
    A_1: " x ",
  }));

it.each([
  ["127.0.0.1", "http://127.0.0.1:3000"],
  ["0.0.0.0", "http://127.0.0.1:3000"],
  ["::", "http://127.0.0.1:3000"],
  ["::1", "http://[::1]:3000"],
])("the link for HOST=%s can be opened on this machine", (host, url) =>
  expect(dashboardUrl({ host, port: 3000 })).toBe(url),
);

it("docs/configuration.md and .env.example say what the table says (npm run generate)", () => {
  const { page, example } = configurationPage();
  expect(readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8")).toBe(page);
  expect(readFileSync(new URL("../../.env.example", import.meta.url), "utf8")).toBe(example);
});

describe("files", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "berth-config-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it(".env is read, and the real environment wins", () => {
    writeFileSync(join(directory, ".env"), 'PORT=4000\n# a comment\nBERTH_UI="off"\n');
    expect(loadConfig({ env: { PORT: "5000" }, cwd: directory })).toMatchObject({ port: 5000, ui: "off" });
    expect(loadConfig({ env: {}, cwd: directory })).toMatchObject({ port: 4000 });
  });

  it("the API key is made once, readable by its owner only, and found again", () => {
    const config = { apiKey: null, dataDir: join(directory, "data") };
    const made = ensureApiKey(config);
    expect(made.apiKey).toMatch(/^berth_[\w-]{32}$/);
    expect(ensureApiKey(config)).toEqual(made);
    expect(statSync(join(directory, "data", "api-key")).mode & 0o777).toBe(0o600);
    expect(statSync(join(directory, "data")).mode & 0o777).toBe(0o700);
    expect(ensureApiKey({ ...config, apiKey: "operators-own-key-1" })).toEqual({
      apiKey: "operators-own-key-1",
      path: null,
    });
  });
});

it("a bucket needs its name and its key, and no secret is repeated", () => {
  const s3 = { BERTH_BLOBS: "s3", BERTH_S3_SECRET_ACCESS_KEY: "has a space" };
  let problems: readonly string[] = [];
  try {
    parseConfig(s3);
  } catch (error) {
    if (error instanceof ConfigError) ({ problems } = error);
  }
  expect(problems.join("\n")).toMatch(/BERTH_S3_BUCKET is not set.*BERTH_S3_ACCESS_KEY_ID is not set/s);
  expect(problems.join("\n")).not.toContain("has a space");
  const whole = {
    BERTH_BLOBS: "s3",
    BERTH_S3_BUCKET: "b-1",
    BERTH_S3_ACCESS_KEY_ID: "k",
    BERTH_S3_SECRET_ACCESS_KEY: "s",
  };
  expect(parseConfig(whole).blobs.s3).toMatchObject({ endpoint: null, region: "us-east-1", pathStyle: false });
  expect(parseConfig({ ...whole, BERTH_S3_ENDPOINT: "http://127.0.0.1:9" }).blobs.s3.pathStyle).toBe(true);
});
