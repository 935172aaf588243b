// Asks package managers where they get packages from, so that a company's mirror works without naming it twice. Each may be absent.
import { execFile } from "node:child_process";
import { childEnv } from "../lib/child-env.ts";
import type { PackageSetting } from "./link-protocol.ts";
import { readToolHosts, type ToolHosts } from "./package-hosts.ts";
import { readPackageSettings } from "./package-settings.ts";

const ASK_MS = 10_000;

type Run = (file: string, args: readonly string[], env?: Record<string, string>) => Promise<string>;
/** `settings`: by name, of what an installation in a sandbox is to be set to as well. */
type Told = { addresses: string[]; settings: [name: string, value: string][] };
type Tool = { tool: string; ask: (run: Run) => Promise<Told> };
export type ToldByTool = ToolHosts & { settings: PackageSetting[] };

const TOOLS: readonly Tool[] = [
  {
    tool: "npm",
    async ask(run) {
      const config = Object.entries(JSON.parse(await run("npm", ["config", "list", "--json"])) as object);
      const settings = config.flatMap(([key, value]) =>
        /^(@[^:]*:)?registry$/.test(key) ? textsOf(value).map((text): [string, string] => [key, text]) : [],
      );
      return { addresses: valuesIn(settings), settings };
    },
  },
  {
    tool: "pip",
    async ask(run) {
      // pip prints its settings, and has its defaults in itself.
      const lines = (await run("python3", ["-m", "pip", "config", "list"])).split("\n");
      const valuesOf = (name: string) =>
        lines
          .filter((line) => line.slice(0, line.indexOf("=")).split(".").at(-1) === name)
          .flatMap((line) => line.slice(line.indexOf("=") + 1).match(/https?:\/\/[^\s'"\\]+/g) ?? []);
      const indexes = valuesOf("index-url");
      const script =
        "from pip._internal.models.index import PyPI; print(PyPI.simple_url, 'https://' + PyPI.file_storage_domain)";
      const builtIn = indexes.length > 0 ? "" : await run("python3", ["-c", script]);
      const more = valuesOf("extra-index-url");
      const settings = [
        ...indexes.slice(-1).map((url): [string, string] => ["index-url", url]),
        ...more.map((url): [string, string] => ["extra-index-url", url]),
      ];
      return { addresses: [...indexes, ...more, ...wordsOf(builtIn)], settings };
    },
  },
  {
    tool: "apt",
    ask: async (run) => ({
      addresses: wordsOf(await run("apt-get", ["indextargets", "--format", "$(SITE)"])),
      settings: [],
    }),
  },
  {
    tool: "go",
    async ask(run) {
      const variables = ["GOPROXY", "GOSUMDB", "GONOSUMDB"];
      const values = (await run("go", ["env", ...variables])).split("\n").map((line) => line.trim());
      const [proxies = "", sums = ""] = values;
      // A name, a key after a plus, and where it is not at its name, its address.
      const [name = "", address] = sums.split(" ");
      const addresses = [...proxies.split(/[,|]/), address ?? name.split("+", 1)[0] ?? ""].filter(
        (text) => !["", "direct", "off"].includes(text) && !text.startsWith("file:"),
      );
      const settings = variables
        .map((variable, index): [string, string] => [variable, values[index] ?? ""])
        // A directory of this machine is not in a sandbox.
        .filter(([, value]) => value !== "" && !value.includes("file:"));
      return { addresses, settings };
    },
  },
  {
    tool: "cargo",
    async ask(run) {
      const args = ["-Z", "unstable-options", "config", "get", "--format", "json"];
      const config = JSON.parse(await run("cargo", args, { RUSTC_BOOTSTRAP: "1" })) as CargoConfig;
      const registries = Object.values(config.registries ?? {}).flatMap(({ index }) => textsOf(index));
      const sources = Object.values(config.source ?? {}).flatMap(({ registry }) => textsOf(registry));
      // What is built into it, and told by no command.
      const replaced = config.source?.["crates-io"]?.["replace-with"];
      const builtIn = replaced === undefined ? ["index.crates.io", "static.crates.io"] : [];
      const mirror = typeof replaced === "string" ? textsOf(config.source?.[replaced]?.registry) : [];
      const settings = mirror.map((url): [string, string] => ["registry", url]);
      return { addresses: [...registries, ...sources, ...builtIn], settings };
    },
  },
  {
    tool: "gem",
    async ask(run) {
      const sources = (await run("gem", ["sources", "--list"])).match(/https?:\/\/\S+/g) ?? [];
      // Where rubygems.org itself sends what asks for its index.
      const addresses = sources.flatMap((url) =>
        /\/\/rubygems\.org\b/.test(url) ? [url, "index.rubygems.org"] : [url],
      );
      return { addresses, settings: sources.map((url): [string, string] => ["source", url]) };
    },
  },
];

type CargoConfig = {
  source?: Record<string, { registry?: unknown; "replace-with"?: unknown }>;
  registries?: Record<string, { index?: unknown }>;
};

/** Of the environment, what tools find themselves and their settings by. */
const TOOL_VARIABLES =
  /^(PATH|HOME|XDG_\w+|npm_config_\w+|PIP_\w+|GO(PROXY|SUMDB|NOSUMDB|PRIVATE|ENV|FLAGS)|CARGO_\w+|GEM\w*)$/i;

/** All at once, each for some seconds at most. Never rejects. */
export function askPackageTools(env: Readonly<Record<string, string | undefined>>): Promise<ToldByTool[]> {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => TOOL_VARIABLES.test(name)));
  const run: Run = (file, args, more) =>
    new Promise((resolve, reject) => {
      const settings = {
        cwd: "/",
        env: childEnv({ ...own, ...more }),
        timeout: ASK_MS,
        killSignal: "SIGKILL" as const,
      };
      execFile(file, args, settings, (error, stdout) => (error ? reject(error) : resolve(stdout)));
    });
  return Promise.all(
    TOOLS.map(async ({ tool, ask }) => {
      try {
        const { addresses, settings } = await ask(run);
        return { ...readToolHosts(tool, addresses), settings: readPackageSettings(tool, settings) };
      } catch (error) {
        const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
        const problem = absent ? "is not installed" : "did not tell what it is set to";
        return { tool, hosts: [], problem, settings: [] };
      }
    }),
  );
}

const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== "");
const valuesIn = (settings: readonly [string, string][]) => settings.map(([, value]) => value);
const textsOf = (value: unknown) => (typeof value === "string" ? [value] : []);
