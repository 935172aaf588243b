// `npm run layers`: the dependency rule, checked: who may import whom, who owns which package, no cycles, no file too long.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";
import { findImports } from "./find-imports.ts";

/** A folder of src and what its files may import besides itself; of a folder with a port, often the port only. */
const rules: Readonly<Record<string, readonly string[]>> = {
  agents: ["db", "contract", "lib"],
  api: ["sessions", "agents", "teams", "secrets", "contract", "lib"],
  app: ["client", "contract", "lib"],
  bin: ["*"],
  blobs: ["lib"],
  cli: ["client", "contract", "lib"],
  client: ["contract", "lib"],
  contract: [],
  db: ["contract", "lib"],
  egress: ["secrets", "contract", "lib"],
  harnesses: ["models", "sandboxes/sandbox.ts", "web-tools/web-tools.ts", "contract", "lib"],
  lib: [],
  mcp: ["contract", "lib"],
  models: ["lib"],
  runner: ["lib"],
  sandboxes: ["lib"],
  secrets: ["db", "contract", "lib"],
  sessions: [
    "agents",
    "secrets",
    "db",
    "blobs",
    "mcp",
    "snapshots",
    "models",
    "contract",
    "lib",
    "sandboxes/sandbox.ts",
    "web-tools/web-tools.ts",
    "harnesses/harness.ts",
  ],
  snapshots: ["db", "blobs", "contract", "lib", "sandboxes/sandbox.ts"],
  supervisor: ["db", "lib"],
  teams: ["db", "contract", "lib"],
  "web-tools": ["egress", "contract", "lib"],
  worker: [
    "sessions",
    "agents",
    "teams",
    "secrets",
    "db",
    "blobs",
    "snapshots",
    "contract",
    "lib",
    "models/model.ts",
    "sandboxes/sandbox.ts",
    "harnesses/harness.ts",
  ],
};

/** Imports that break a row on purpose. From a file or folder of src, to a file or folder of src. */
const exemptions: readonly { from: string; to: string; because: string }[] = [
  { from: "sandboxes", to: "runner/protocol.ts", because: "the words that both ends of the runner's socket use" },
  { from: "sandboxes", to: "runner/frames.ts", because: "the frames of its channels" },
  { from: "sandboxes", to: "egress/link-protocol.ts", because: "the words between sandboxd and the egress broker" },
  { from: "sandboxes", to: "runner/tree-protocol.ts", because: "the words of a sandbox's tree" },
];

/** Packages that one place owns. Folders of src, or `root` for files beside src. */
const owners: readonly { packages: RegExp; folders: readonly string[] }[] = [
  { packages: /^(pg|kysely)$/, folders: ["db"] },
  { packages: /^(hono|@hono\/.*)$/, folders: ["api", "bin"] },
  {
    packages: /^(next|react|react-dom|@tanstack\/react-query|@tanstack\/react-virtual|radix-ui|streamdown)$/,
    folders: ["app", "bin", "root"],
  },
  { packages: /^(ai|@ai-sdk\/.*)$/, folders: ["models"] },
  { packages: /^(commander)$/, folders: ["cli"] },
  { packages: /^(@peculiar\/x509|reflect-metadata|undici)$/, folders: ["egress"] },
  { packages: /^(@modelcontextprotocol\/sdk)$/, folders: ["mcp"] },
  { packages: /^(@mozilla\/readability|htmlparser2|linkedom|turndown|unpdf)$/, folders: ["web-tools"] },
  { packages: /^(aws4fetch)$/, folders: ["blobs", "secrets"] },
  { packages: /^(esbuild|@iconify-json\/lucide)$/, folders: ["scripts"] },
  { packages: /^(@anthropic-ai\/sdk|fast-check|playwright-core|vitest)$/, folders: ["test", "bench", "root"] },
];

const MAX_LINES = 500;
/** Ends of names of files that are exempt from the rows: tests use what they need. */
const TEST_FILE = /(\.test\.tsx?|\/conformance(-\w+)?\.ts)$/;

export type SourceFile = { path: string; text: string };

/** Pure: every fault in these files, one sentence each. Paths are relative to the repository, with forward slashes. */
export function findFaults(files: readonly SourceFile[]): string[] {
  const faults: string[] = [];
  const graph = new Map<string, string[]>();
  const parsers = new Set<string>();
  for (const file of files) {
    const lines = file.text.split("\n").length - 1;
    if (lines > MAX_LINES) faults.push(`${file.path} has ${lines} lines; ${MAX_LINES} is the most. Split it by noun.`);
    if (readsEnvironment(file))
      faults.push(`${file.path} reads process.env; only src/bin may. Take the value as an option.`);
    const edges: string[] = [];
    for (const found of findImports(file.text)) {
      const target = resolveImport(file.path, found.name);
      if (target === null) {
        faults.push(...packageFaults(file.path, found.name));
        if (found.name === "zod" && !found.typeOnly) parsers.add(file.path);
      } else {
        if (!found.typeOnly) edges.push(target);
        faults.push(...layerFaults(file.path, target));
      }
    }
    graph.set(file.path, edges);
  }
  return [...faults, ...browserFaults(graph, parsers), ...cycles(graph)];
}

/** What browsers load may not bring zod: 40 kB of them, and it tries to evaluate text, which the dashboard's policy reports. */
function browserFaults(graph: ReadonlyMap<string, readonly string[]>, parsers: ReadonlySet<string>): string[] {
  const known = new Map<string, boolean>();
  function parses(path: string): boolean {
    const before = known.get(path);
    if (before !== undefined) return before;
    // While it is looked at; a cycle is another fault.
    known.set(path, parsers.has(path));
    const found = parsers.has(path) || (graph.get(path) ?? []).some(parses);
    known.set(path, found);
    return found;
  }
  const inBrowser = (path: string) => /^src\/(app|client)\//.test(path) && !TEST_FILE.test(path);
  return [...graph].flatMap(([path, edges]) =>
    !inBrowser(path)
      ? []
      : edges
          .filter((edge) => !inBrowser(edge) && parses(edge))
          .map(
            (edge) =>
              `${path} brings zod to browsers with ${edge}. Import its types only, or put what it needs beside it.`,
          ),
  );
}

/** The imported file of this repository; null for a package. */
function resolveImport(from: string, name: string): string | null {
  return name.startsWith(".") ? normalize(join(dirname(from), name)).replaceAll("\\", "/") : null;
}

function readsEnvironment(file: SourceFile): boolean {
  const free = !file.path.startsWith("src/") || file.path.startsWith("src/bin/") || TEST_FILE.test(file.path);
  return (
    !free &&
    /\bprocess\s*\.\s*env\b|\bprocess\s*\[\s*["']env["']\s*\]|import\s*\{[^}]*\benv\b[^}]*\}\s*from\s*["']node:process["']/.test(
      withoutComments(file.text),
    )
  );
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** The folder of src that a path is in; the first folder of others; `root` for files at the top. */
function folderOf(path: string): string {
  const [first = "", second] = path.split("/");
  if (first === "src") return second ?? "src";
  return path.includes("/") ? first : "root";
}

function layerFaults(from: string, to: string): string[] {
  if (!from.startsWith("src/") || TEST_FILE.test(from)) return [];
  if (!to.startsWith("src/")) return to === "package.json" ? [] : [`${from} imports ${to}, which is not in src.`];
  const [own, other] = [folderOf(from), folderOf(to)];
  if (own === other) return [];
  if (TEST_FILE.test(to)) return [`${from} imports ${to}, which is for tests.`];
  const allowed = rules[own];
  if (!allowed) return [`${from}: src/${own} is not in the dependency rule. Add a row to scripts/check-layers.ts.`];
  const inner = to.slice("src/".length);
  const holds = (entry: string) => entry === "*" || entry === other || entry === inner;
  if (allowed.some(holds)) return [];
  const exempt = exemptions.some((one) => isIn(from.slice("src/".length), one.from) && isIn(inner, one.to));
  return exempt
    ? []
    : [`${from} imports ${to}: ${own} may import ${allowed.length > 0 ? allowed.join(", ") : "nothing of ours"} only.`];
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function packageFaults(from: string, name: string): string[] {
  if (name.startsWith("node:") || TEST_FILE.test(from)) return [];
  const parts = name.split("/");
  const packageName = name.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? name);
  const owner = owners.find((one) => one.packages.test(packageName));
  const folder = folderOf(from);
  // Tests, benchmarks and scripts look at everything.
  if (!owner || owner.folders.includes(folder) || (!from.startsWith("src/") && folder !== "root")) return [];
  return [`${from} imports ${packageName}, which belongs to ${owner.folders.join(", ")}.`];
}

/** One fault a cycle, written from its alphabetically first file on. Imports of types alone make none: they are gone at run time. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  function visit(path: string, trail: readonly string[]): void {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) {
      const circle = trail.slice(seenAt);
      const first = circle.indexOf(circle.toSorted()[0] ?? "");
      found.add([...circle.slice(first), ...circle.slice(0, first), circle[first]].join(" → "));
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  }
  for (const path of graph.keys()) visit(path, []);
  return [...found].map((circle) => `Import cycle: ${circle}`);
}

const ROOTS = ["src", "scripts", "test", "bench"];

export function readSources(repository: string): SourceFile[] {
  const inFolders = ROOTS.flatMap((root) =>
    readdirSync(join(repository, root), { recursive: true, encoding: "utf8" }).map(
      (path) => `${root}/${path.replaceAll("\\", "/")}`,
    ),
  );
  const atTop = readdirSync(repository);
  const paths = [...inFolders, ...atTop].filter((path) => /\.(ts|tsx|cjs|mjs)$/.test(path) && !path.endsWith(".d.ts"));
  return paths.sort().map((path) => ({ path, text: readFileSync(join(repository, path), "utf8") }));
}

if (import.meta.main) {
  const files = readSources(resolve(import.meta.dirname, ".."));
  const faults = findFaults(files);
  for (const fault of faults) console.error(fault);
  console.log(
    faults.length > 0
      ? `${faults.length} faults in ${files.length} files.`
      : `The dependency rule holds in ${files.length} files.`,
  );
  process.exitCode = faults.length > 0 ? 1 : 0;
}
