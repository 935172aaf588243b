// Asks package managers where they get packages from, so that a company's mirror works without naming it twice. Each may be absent.
import { execFile } from "node:child_process";
import { childEnv } from "../lib/child-env.ts";
import { readToolHosts, type ToolHosts } from "./package-hosts.ts";

const ASK_MS = 10_000;

type Run = (file: string, args: readonly string[], env?: Record<string, string>) => Promise<string>;
type Tool = { tool: string; ask: (run: Run) => Promise<string[]> };

const TOOLS: readonly Tool[] = [
  {
    tool: "npm",
    async ask(run) {
      const config = Object.entries(JSON.parse(await run("npm", ["config", "list", "--json"])) as object);
      return config.flatMap(([key, value]) => (/^(@[^:]*:)?registry$/.test(key) ? textsOf(value) : []));
    },
  },
  {
    tool: "pip",
    async ask(run) {
      // pip prints its settings, and has its defaults in itself.
      const settings = (await run("python3", ["-m", "pip", "config", "list"])).split("\n");
      const valuesOf = (name: string) =>
        settings
          .filter((line) => line.slice(0, line.indexOf("=")).split(".").at(-1) === name)
          .flatMap((line) => line.slice(line.indexOf("=") + 1).match(/https?:\/\/[^\s'"\\]+/g) ?? []);
      const indexes = valuesOf("index-url");
      const script =
        "from pip._internal.models.index import PyPI; print(PyPI.simple_url, 'https://' + PyPI.file_storage_domain)";
      const builtIn = indexes.length > 0 ? "" : await run("python3", ["-c", script]);
      return [...indexes, ...valuesOf("extra-index-url"), ...wordsOf(builtIn)];
    },
  },
  { tool: "apt", ask: async (run) => wordsOf(await run("apt-get", ["indextargets", "--format", "$(SITE)"])) },
  {
    tool: "go",
    async ask(run) {
      const [proxies = "", sums = ""] = (await run("go", ["env", "GOPROXY", "GOSUMDB"])).split("\n");
      // A name, a key after a plus, and where it is not at its name, its address.
      const [name = "", address] = sums.trim().split(" ");
      return [...proxies.trim().split(/[,|]/), address ?? name.split("+", 1)[0] ?? ""].filter(
        (text) => !["", "direct", "off"].includes(text) && !text.startsWith("file:"),
      );
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
      const replaced = config.source?.["crates-io"]?.["replace-with"] !== undefined;
      return [...registries, ...sources, ...(replaced ? [] : ["index.crates.io", "static.crates.io"])];
    },
  },
  {
    tool: "gem",
    async ask(run) {
      const sources = (await run("gem", ["sources", "--list"])).match(/https?:\/\/\S+/g) ?? [];
      // Where rubygems.org itself sends what asks for its index.
      return sources.flatMap((url) => (/\/\/rubygems\.org\b/.test(url) ? [url, "index.rubygems.org"] : [url]));
    },
  },
];

type CargoConfig = {
  source?: Record<string, { registry?: unknown; "replace-with"?: unknown }>;
  registries?: Record<string, { index?: unknown }>;
};

/** Of the environment, what tools find themselves and their settings by. */
const TOOL_VARIABLES = /^(PATH|HOME|XDG_\w+|npm_config_\w+|PIP_\w+|GO(PROXY|SUMDB|ENV|FLAGS)|CARGO_\w+|GEM\w*)$/i;

/** All at once, each for some seconds at most. Never rejects. */
export function askPackageTools(env: Readonly<Record<string, string | undefined>>): Promise<ToolHosts[]> {
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
        return readToolHosts(tool, await ask(run));
      } catch (error) {
        const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
        return { tool, hosts: [], problem: absent ? "is not installed" : "did not tell what it is set to" };
      }
    }),
  );
}

const wordsOf = (text: string) => text.split(/\s+/).filter((word) => word !== "");
const textsOf = (value: unknown) => (typeof value === "string" ? [value] : []);
