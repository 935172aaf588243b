// Our toolset beside the official SDK's own implementation of it: the same calls, theirs in a directory, ours in a real sandbox.
// Results are equal, modulo where the directory lies; what differs on purpose is listed with its reason.
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { betaAgentToolset20260401 } from "@anthropic-ai/sdk/tools/agent-toolset/node";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { SessionAgent } from "../../src/contract/agents.ts";
import { planToolCall } from "../../src/harnesses/builtin/builtin.ts";
import type { Sandbox } from "../../src/sandboxes/sandbox.ts";
import { toToolResult } from "../../src/sessions/tool-results.ts";
import { sandboxesMissing, startTestSandboxd, TEST_SPEC, type TestSandboxd } from "../support/local-sandboxd.ts";
import { ALLOW_ALL } from "../support/turn-world.ts";

const AGENT: SessionAgent = {
  type: "agent",
  id: "agent_1",
  version: 1,
  name: "Test",
  description: null,
  model: { id: "scripted" },
  system: null,
  tools: ALLOW_ALL,
  mcp_servers: [],
  skills: [],
  multiagent: null,
  execution_identity: { type: "service_account" },
};
const OURS = "/workspace";
/** Above the toolset's limit for whole files, 256 KiB. */
const LARGE = Array.from({ length: 30_000 }, (_, index) => `line ${index + 1}`).join("\n");

/** What both begin with, oldest first. */
const FILES: [path: string, content: string | Buffer][] = [
  ["empty.txt", ""],
  ["three.txt", "one\ntwo\nthree\n"],
  ["no-newline.txt", "one\ntwo"],
  ["crlf.txt", "one\r\ntwo\r\nthree"],
  ["unicode.txt", "äöü €\n日本語 😀\n"],
  ["latin1.txt", Buffer.from("caf\xe9\n", "latin1")],
  ["twice.txt", "a = 1\nb = 1\n"],
  ["large.txt", LARGE],
  ["one-line.txt", "x".repeat(300_000)],
  ["src/app.ts", "export const answer = 42;\n// TODO: more\n"],
  ["src/lib/util.ts", "export function util() {\n  return 'todo';\n}\n"],
  ["src/lib/deep/er.md", "# Deeper\n"],
  ["node_modules/pkg/index.ts", "export const answer = 1;\n"],
  [".git/config", "[core]\n"],
  [".hidden/secret.ts", "export const answer = 7;\n"],
  [".gitignore", "ignored.ts\n"],
  ["ignored.ts", "export const answer = 9;\n"],
  ["binary.bin", Buffer.from([0, 1, 2, 97, 110, 115, 119, 101, 114, 10])],
];
const LINKS: [path: string, target: string][] = [
  ["link.txt", "three.txt"],
  ["outside.txt", "/etc/passwd"],
  ["dangling.txt", "/nowhere/at/all"],
  ["loop-a", "loop-b"],
  ["loop-b", "loop-a"],
  ["link-dir", "src"],
];

type Call = { name: string; input: Record<string, unknown> };
type Told = { text: string; isError: boolean };
/** A call whose results differ, why, and what each side says. */
type Different = { call: Call; because: string; theirs: RegExp; ours: RegExp };
type Side = {
  run(call: Call): Promise<Told>;
  /** Every file below the directory with its SHA-256. */
  tree(): Promise<string[]>;
};

const bash = (command: string, more: object = {}): Call => ({ name: "bash", input: { command, ...more } });
const read = (file_path: string, view_range?: number[]): Call => ({
  name: "read",
  input: { file_path, ...(view_range === undefined ? {} : { view_range }) },
});
const write = (file_path: string, content: string): Call => ({ name: "write", input: { file_path, content } });
const edit = (file_path: string, old_string: string, new_string: string, replace_all?: boolean): Call => ({
  name: "edit",
  input: { file_path, old_string, new_string, ...(replace_all === undefined ? {} : { replace_all }) },
});
const glob = (pattern: string, path?: string): Call => ({
  name: "glob",
  input: { pattern, ...(path ? { path } : {}) },
});
const grep = (pattern: string, path?: string): Call => ({
  name: "grep",
  input: { pattern, ...(path ? { path } : {}) },
});

async function startTheirs(): Promise<Side & { end(): Promise<void> }> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "berth-toolset-")));
  for (const [path, content] of FILES) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  for (const [path, target] of LINKS) await symlink(target, join(root, path));
  for (const [index, [path]] of FILES.entries()) await utimes(join(root, path), 1_000_000 + index, 1_000_000 + index);
  const env = { PATH: process.env.PATH ?? "", HOME: root, LANG: "C.UTF-8" };
  // Ours may touch /home/agent and /tmp as well.
  const tools = betaAgentToolset20260401({ workdir: root, env, allowedRoots: [`${root}-home`] });
  return {
    async run({ name, input }) {
      const tool = tools.find((one) => one.name === name);
      if (!tool) throw new Error(`they have no tool ${name}`);
      const rename = (text: string) => text.replaceAll(root, OURS);
      // Paths in the input are ours.
      const theirs = JSON.parse(JSON.stringify(input).replaceAll(OURS, root));
      try {
        const said = await tool.run(theirs);
        if (typeof said !== "string") throw new Error("they answer with text");
        return { text: rename(said), isError: false };
      } catch (error) {
        if (!(error instanceof Error) || error.constructor.name !== "ToolError") throw error;
        return { text: rename(error.message), isError: true };
      }
    },
    async tree() {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      const hashed = files.map(async (file) => {
        const hash = createHash("sha256").update(await readFile(file));
        return `${hash.digest("hex")}  ./${file.slice(root.length + 1)}`;
      });
      return (await Promise.all(hashed)).sort();
    },
    async end() {
      for (const tool of tools) await tool.close?.();
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function startOurs(sandbox: Sandbox): Promise<Side> {
  let count = 0;
  const operate = (operation: Parameters<Sandbox["runOperation"]>[1]) =>
    sandbox.runOperation(`op_${process.pid}_${count++}`, operation);
  for (const [path, content] of FILES) await sandbox.writeFile(path, Buffer.from(content));
  const links = LINKS.map(([path, target]) => `ln -s ${target} ${path}`);
  const times = FILES.map(([path], index) => `touch -d @${1_000_000 + index} ${path}`);
  const prepared = await operate({ kind: "bash", command: [...links, ...times].join(" && ") });
  expect(prepared).toMatchObject({ outcome: "ok" });
  await operate({ kind: "bash", restart: true });
  return {
    async run({ name, input }) {
      const plan = planToolCall(AGENT, { name, input }, { canSearch: true });
      if (plan.kind === "custom" || plan.kind === "mcp" || plan.kind === "web")
        throw new Error(`${name} does not run in the sandbox`);
      if (plan.kind === "refused") return { text: withoutAdvice(plan.message), isError: true };
      const { content, isError } = toToolResult(await operate(plan.operation));
      const texts = content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`));
      return { text: texts.join("\n"), isError };
    },
    async tree() {
      const command = "find . -type f -print0 | xargs -0 sha256sum";
      const { content } = await operate({ kind: "bash", command });
      return content.split("\n").sort();
    },
  };
}

/** Ours sees a wrong input before it reaches the sandbox, and says in addition that nothing was run. */
function withoutAdvice(message: string): string {
  const advice = ". Nothing was run; call it again with a correct input.";
  expect(message.endsWith(advice)).toBe(true);
  return message.slice(0, -advice.length);
}

/** Ripgrep's threads end in any order, and a shell counts lines from where its own input began. */
function comparable({ name }: Call, { text, isError }: Told): Told {
  if (name === "grep" && !isError) return { text: text.split("\n").sort().join("\n"), isError };
  return { text: name === "bash" ? text.replaceAll(/: line \d+:/g, ": line N:") : text, isError };
}

describe.skipIf(sandboxesMissing())("the same calls", () => {
  let sandboxd: TestSandboxd;
  let theirs: Awaited<ReturnType<typeof startTheirs>>;
  let ours: Side;
  let count = 0;
  beforeAll(async () => {
    sandboxd = await startTestSandboxd({ warm: 1 });
  });
  afterAll(async () => {
    await sandboxd[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const sandbox = await sandboxd.backend.create(`toolset_${count++}`, TEST_SPEC);
    [theirs, ours] = await Promise.all([startTheirs(), startOurs(sandbox)]);
  });
  afterEach(async () => {
    await theirs.end();
    await sandboxd.backend.destroy(`toolset_${count - 1}`);
  });

  /** One after the other, since later ones see what earlier ones did. */
  async function compare(calls: (Call | Different)[]): Promise<void> {
    for (const one of calls) {
      const call = "call" in one ? one.call : one;
      const [their, our] = await Promise.all([theirs.run(call), ours.run(call)]);
      const shown = `${call.name} ${JSON.stringify(call.input).slice(0, 200)}`;
      if ("call" in one) {
        expect(their.text, `${shown}: theirs`).toMatch(one.theirs);
        expect(our.text, `${shown}: ours`).toMatch(one.ours);
        expect(comparable(call, our), `${shown} differs, because: ${one.because}`).not.toEqual(comparable(call, their));
      } else expect(comparable(call, our), shown).toEqual(comparable(call, their));
    }
    expect(await ours.tree()).toEqual(await theirs.tree());
  }

  test("read: whole files, ranges, what is too large, what is no file, what is outside", () =>
    compare([
      ...["three.txt", "no-newline.txt", "empty.txt", "unicode.txt", "latin1.txt", "link.txt"].map((path) =>
        read(path),
      ),
      ...[[2, 3], [1, 1], [0, 2], [-5, 2], [2, -1], [3, 2], [10, 20], [1], [1, 2, 3]].map((range) =>
        read("three.txt", range),
      ),
      read("three.txt", []),
      read("no-newline.txt", [2, 9]),
      read("crlf.txt", [1, 2]),
      read("large.txt"),
      ...[
        [10_000, 10_002],
        [29_999, -1],
        [1, 29_999],
        [40_000, 40_001],
        [0, 1],
      ].map((range) => read("large.txt", range)),
      read("one-line.txt", [1, 1]),
      read("one-line.txt", [1, 2]),
      ...["missing.txt", "missing/deep.txt", "three.txt/x", "src", ".", "", "x".repeat(300)].map((path) => read(path)),
      ...["link-dir/app.ts", "/workspace/three.txt", "src/../three.txt"].map((path) => read(path)),
      ...["../x", "/etc/passwd", "outside.txt", "dangling.txt", "loop-a"].map((path) => read(path)),
      {
        call: read("a\0b"),
        because: "it says what is wrong with the path",
        theirs: /i\/o error \(ERR_INVALID_ARG_VALUE\)/,
        ours: /contains a NUL byte/,
      },
    ]));

  test("write: new, over, deep, through links, and where nothing can be written", () =>
    compare([
      write("new.txt", "new\n"),
      write("a/b/c.txt", "deep"),
      write("three.txt", "over"),
      write("empty2.txt", ""),
      write("unicode2.txt", "äö €😀"),
      write("/workspace/absolute.txt", "absolute"),
      write("link.txt", "through"),
      write("link-dir/app.ts", "through a directory"),
      write("src", "x"),
      {
        call: write("three.txt/x", "x"),
        because: "it says what is in the way",
        theirs: /i\/o error \(EEXIST\)/,
        ours: /three\.txt\/x: not a directory$/,
      },
      ...["/etc/x", "../x", "", "outside.txt", "dangling.txt", "loop-a"].map((path) => write(path, "x")),
    ]));

  test("edit: unique, repeated, all, literal, and what cannot be edited", () =>
    compare([
      edit("src/app.ts", "42", "43"),
      edit("src/app.ts", "43", "$& $1 $` $'"),
      edit("src/app.ts", ";\n// TODO", "\n;"),
      edit("src/app.ts", " more", ""),
      edit("twice.txt", "1", "2"),
      edit("twice.txt", "1", "2", true),
      edit("twice.txt", "a = 2", "c", true),
      edit("twice.txt", "b = 2", "d", false),
      edit("twice.txt", "nowhere", "x"),
      edit("twice.txt", "nowhere", "x", true),
      edit("crlf.txt", "\r\n", "\n", true),
      edit("unicode.txt", "😀", "🙂"),
      edit("latin1.txt", "caf", "x"),
      edit("link.txt", "one", "1"),
      edit("three.txt", "", "x"),
      edit("", "a", "b"),
      ...["missing.txt", "src", "large.txt", "../x", "outside.txt", "loop-a"].map((path) => edit(path, "line", "x")),
    ]));

  test("glob: patterns, where it looks, what it leaves out", () =>
    compare([
      ...[
        "**/*.ts",
        "*.txt",
        "*.md",
        "**/*",
        "no-*.t?t",
        "**/[a-b]*.ts",
        "{src/app,src/lib/util}.ts",
        "src/lib",
        "**/index.ts",
      ].map((pattern) => glob(pattern)),
      ...["node_modules/**", ".git/*", ".hidden/*", ".*", "link-dir/*.ts", "[", ""].map((pattern) => glob(pattern)),
      ...["/etc/*", "../*", "{src,../x}/*"].map((pattern) => glob(pattern)),
      ...[
        "src",
        "src/lib/deep",
        "/workspace/src",
        "link-dir",
        "missing",
        "three.txt",
        "../..",
        "/etc",
        "outside.txt",
      ].map((path) => glob("**/*", path)),
    ]));

  test("grep: patterns, where it looks, what it leaves out, and expressions that are none", () =>
    compare([
      ...["answer", "todo|TODO", "nothing at all", "^one$", "ö", "\\bone\\b", "-n", "(", "a{2,", ""].map((pattern) =>
        grep(pattern),
      ),
      ...["src", "src/app.ts", ".hidden", "node_modules", "binary.bin", "/workspace/src", "link-dir"].map((path) =>
        grep("answer", path),
      ),
      ...["missing", "/etc", "../x", "outside.txt", "loop-a"].map((path) => grep("answer", path)),
    ]));

  test("bash: output, exit codes, what lasts from call to call, restarts, timeouts", () =>
    compare([
      ...["echo hello", "echo out; echo err >&2", "true", "false", "echo no; false", "(exit 7)", "(exit 300)"].map(
        (command) => bash(command),
      ),
      ...[
        "printf 'no newline'",
        "printf 'a\\n\\n\\n'",
        "printf '\\n\\na'",
        "printf '\\033[31mred\\033[0m\\n'",
        "echo 'äö€😀'",
      ].map((command) => bash(command)),
      ...["cat <<EOF\nheredoc\nEOF", "cat; echo over", "read x; echo $?", "echo a\necho b", "echo $0"].map((command) =>
        bash(command),
      ),
      ...["cd src; X=1; export Y=2; f() { echo in f; }", "pwd; echo $X $Y; f", "sleep 0.01 & wait; echo waited"].map(
        (command) => bash(command),
      ),
      ...["missing-program", "kill -TERM $BASHPID & wait $!", "alias l='echo aliased'\nl"].map((command) =>
        bash(command),
      ),
      { name: "bash", input: { restart: true } },
      ...["pwd; echo [$X]", "f"].map((command) => bash(command)),
      bash("echo again", { restart: true }),
      bash(""),
      { name: "bash", input: {} },
      bash("exit 3"),
      {
        call: bash("pwd; echo [$X]"),
        because: "a shell that is a fresh one unasked says so, since variables and directory are lost",
        theirs: /^\/workspace\n\[\]$/,
        ours: /^\[The shell was restarted: .*\]\n\/workspace\n\[\]$/,
      },
      {
        call: bash("echo first; sleep 60", { timeout_ms: 500 }),
        because: "what was printed before the timeout tells how far it came",
        theirs: /^bash: bash command timed out after 500ms$/,
        ours: /^bash: bash command timed out after 500ms\nfirst$/,
      },
      bash("true", { restart: true }),
      {
        call: bash("seq 1 30000"),
        because: "beginning and end say more than the end alone, and the whole is kept in a file",
        theirs: /^\[output truncated\]\n[\d\n]*30000$/,
        ours: /^1\n2\n[\d\n]*\[output truncated: \d+ bytes .* in \/\S+\]\n[\d\n]*30000$/,
      },
      {
        call: bash("printf 'a\\0b\\n'"),
        because: "the log's database can't hold NUL",
        theirs: /^a\0b$/,
        ours: /^a\uFFFDb$/,
      },
      {
        call: bash("# only a comment"),
        because: "a comment is no reason to lose the shell",
        theirs: /bash session terminated/,
        ours: /^$/,
      },
      {
        call: bash("if"),
        because: "a syntax error is told as such and costs no shell",
        theirs: /bash session terminated/,
        ours: /syntax error: unexpected end of file/,
      },
      {
        call: bash("echo 'open", { timeout_ms: 1_000 }),
        because: "an open quote is an error at once, not at the timeout",
        theirs: /timed out after 1000ms/,
        ours: /unexpected EOF while looking for matching/,
      },
      bash("true", { restart: true }),
      bash("kill -9 $$"),
      bash("true", { restart: true }),
      bash("set -e; false"),
      bash("echo alive", { restart: true }),
    ]));
});
