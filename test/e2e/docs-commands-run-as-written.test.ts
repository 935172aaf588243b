// Every command of the README and of docs/ works: each page's blocks are run from top to bottom by a real shell, as a reader would.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childEnv } from "../../src/lib/child-env.ts";
import { type DocBlock, docBlocks, isRunnable } from "../support/doc-blocks.ts";
import { pythonForDocs } from "../support/python-sdk.ts";
import { type System, startSystem } from "../support/system.ts";
import { hasProgram } from "../support/tmux.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const blocks = docBlocks();
const hasTools = ["curl", "jq"].every((program) => hasProgram(program, "REQUIRE_SHELLS"));
let home: string;
/** What a reader's folder is: `npx berth` and the SDK work in it, and nothing else is there. */
let work: string;
let system: System;
let python: string | null;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "berth-docs-"));
  work = path.join(home, "work");
  const bin = path.join(work, "node_modules", ".bin");
  await mkdir(bin, { recursive: true });
  await symlink(path.join(repository, "scripts", "berth.cjs"), path.join(bin, "berth"));
  await chmod(path.join(repository, "scripts", "berth.cjs"), 0o755);
  await symlink(
    path.join(repository, "node_modules", "@anthropic-ai"),
    path.join(work, "node_modules", "@anthropic-ai"),
  );
  // Where it is without any setting, since the pages name it.
  const dataDir = path.join(home, ".local", "share", "berth");
  await mkdir(dataDir, { recursive: true });
  python = await pythonForDocs();
  system = await startSystem({ dataDir });
});
afterAll(async () => {
  await system?.dispose();
  await rm(home, { recursive: true, force: true });
});

test("what is not run says why", () => {
  const skipped = blocks.filter((block) => block.notRun !== null);
  expect(skipped.map((block) => `${block.page}: ${block.notRun}`)).toEqual([
    "README.md: the test has started Berth already",
    "README.md: takes a quarter of an hour",
    "README.md: needs a gateway",
    "README.md: these are the tests themselves, and the benchmarks",
    "docs/benchmarks.md: takes minutes, and a quiet machine",
    "docs/quickstart.md: the test has started Berth already",
    "docs/quickstart.md: needs a gateway",
    "docs/reliability.md: takes a quarter of an hour",
    "docs/repositories.md: it needs a repository and a token of yours",
    "docs/vaults.md: its keys are those of a running server",
  ]);
});

test("no command hides in a block that nobody runs", () => {
  const others = blocks.filter((block) => !isRunnable(block));
  expect(others.filter((block) => !["", "json", "yaml", "text"].includes(block.language))).toEqual([]);
  for (const { code } of others)
    expect(code).not.toMatch(/^\s*(\$ )?(npm|npx|berth|curl|node|docker|sudo|apt(-get)?) /m);
});

test("the README's program is short", () => {
  const program = blocks.find((block) => block.page === "README.md" && block.language === "ts");
  expect(program?.code.trimEnd().split("\n").length).toBeLessThanOrEqual(16);
});

const pages = [
  ...new Set(blocks.filter((block) => isRunnable(block) && block.notRun === null).map(({ page }) => page)),
];

test.skipIf(!hasTools).each(pages)("%s", async (page) => {
  const own = blocks.filter((block) => block.page === page && isRunnable(block) && block.notRun === null);
  await rm(path.join(home, "variables"), { force: true });
  let output = "";
  for (const block of own) {
    output = await run(block);
    // What jq says when the field is not there: the answer was an error.
    expect(output, block.code).not.toMatch(/^null$/m);
  }
  if (page === "README.md") expect(output).toMatch(/^id: 1$/m);
});

test("the README's program shows a tool call, its result, and the end of the turn", async () => {
  await rm(path.join(home, "variables"), { force: true });
  const [setUp, program] = blocks.filter(
    ({ page, language, code }) => page === "README.md" && (/^export BERTH_URL/.test(code) || language === "ts"),
  );
  if (!setUp || !program) throw new Error("The README has no program, or does not say where the server is");
  await run(setUp);
  const output = await run(program);
  expect(output).toContain("agent.tool_use");
  expect(output).toMatch(/agent\.tool_result .*Linux/);
  expect(output).toContain('"stop_reason":{"type":"end_turn"}');
});

/** Variables last from block to block of a page, as in a reader's terminal. Answers what was printed; throws when a command fails. */
async function run(block: DocBlock): Promise<string> {
  const script = await shellCommand(block);
  if (script === null) {
    console.warn(`SKIPPED: the Python block of ${block.page}: REQUIRE_PYTHON_SDK=1 installs what it needs`);
    return "";
  }
  const child = spawn(
    "bash",
    [
      "-c",
      `[ -f ~/variables ] && . ~/variables; set -a -e -o pipefail; trap 'export -p > ~/variables' EXIT\n${script}`,
    ],
    {
      cwd: work,
      env: childEnv({
        PATH: `${path.join(work, "node_modules", ".bin")}:${process.env.PATH}`,
        HOME: home,
        npm_config_update_notifier: "false",
      }),
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    },
  );
  let output = "";
  let pressed = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      if (block.until !== null && !pressed && output.includes(block.until) && child.pid !== undefined) {
        pressed = true;
        process.kill(-child.pid, "SIGINT");
      }
    });
  const [code] = await once(child, "close");
  if (block.until === null ? code !== 0 : !pressed)
    throw new Error(`A block of ${block.page} ended with ${code}:\n${block.code}\nIt printed:\n${output}`);
  return output;
}

/** The block as it is, but for the port; null when it cannot be run here. */
async function shellCommand({ language, code }: DocBlock): Promise<string | null> {
  const text = code.replaceAll("127.0.0.1:3000", new URL(system.url).host);
  if (language === "sh") return text;
  if (language === "python" && python === null) return null;
  const file = path.join(work, language === "ts" ? "program.ts" : "program.py");
  await writeFile(file, text);
  return language === "ts" ? `"${process.execPath}" program.ts` : `"${python}" program.py`;
}
