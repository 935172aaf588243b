import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RepositoryConfig } from "../db/session-resources.ts";
import { cloneProblem, cloneScript } from "./clone-script.ts";

const config: RepositoryConfig = {
  type: "github_repository",
  url: "https://github.com/acme/app",
  mount_path: "/workspace/app",
  checkout: null,
};
const failed = (content: string, exitCode = 1) => ({ outcome: "failed" as const, content, exitCode, durationMs: 1 });

describe("what a clone's end means", () => {
  it("nothing is told of one that is there", () => {
    const done = { outcome: "ok" as const, content: "", exitCode: 0, durationMs: 1 };
    expect(cloneProblem(config, done, true)).toBeNull();
  });

  it("what is asked ends as a question", () => {
    const problem = cloneProblem({ ...config, checkout: { type: "branch", name: "old" } }, failed("", 3), true);
    expect(problem).toEqual({
      type: "repository_checkout_error",
      message:
        "The repository https://github.com/acme/app is not at /workspace/app: the branch old could not be checked out: is it there?",
    });
  });

  it.each([
    [
      "fatal: Authentication failed for 'https://github.com/acme/app/'",
      "repository_authentication_error",
      /does not take the token/,
    ],
    [
      "fatal: could not read Username for 'https://github.com': terminal prompts disabled",
      "repository_authentication_error",
      /token/,
    ],
    [
      "fatal: unable to access 'https://github.com/acme/app/': The requested URL returned error: 403",
      "repository_forbidden_error",
      /does not let/,
    ],
    [
      "remote: Repository not found.\nfatal: repository 'https://github.com/acme/app/' not found",
      "repository_not_found_error",
      /does not know it/,
    ],
    [
      "fatal: unable to access 'https://github.com/acme/app/': Could not resolve host: github.com",
      "repository_clone_error",
      /could not be cloned/,
    ],
    [
      "remote: Refused by the sandbox's egress broker (refused_address): …\nfatal: … error: 403",
      "repository_clone_error",
      /could not be reached/,
    ],
  ])("%s", (content, type, why) => {
    const problem = cloneProblem(config, failed(content), true);
    expect(problem).toMatchObject({ type, message: expect.stringMatching(why) });
    expect(problem?.message).toContain("git said: ");
  });

  it("R14: a host that says one word a hundred thousand times holds up nobody", () => {
    const problem = cloneProblem(config, failed(`remote: ${"repository ".repeat(100_000)}`), true);
    expect(problem).toMatchObject({ type: "repository_clone_error" });
  });

  it.each([
    [
      { ...config, checkout: { type: "branch" as const, name: "x" } },
      3,
      "repository_checkout_error",
      /the branch x could not/,
    ],
    [
      { ...config, checkout: { type: "commit" as const, sha: "a".repeat(40) } },
      3,
      "repository_checkout_error",
      /the commit a/,
    ],
    [config, 3, "repository_checkout_error", /default branch/],
    [config, 4, "repository_clone_error", /something else lies/],
    [config, 5, "repository_clone_error", /no git/],
  ])("%j ends with %i", (one, exitCode, type, why) => {
    expect(cloneProblem(one, failed("", exitCode), true)).toMatchObject({ type, message: expect.stringMatching(why) });
  });

  it("one that was killed, or that nobody knows of, is told as such", () => {
    for (const outcome of ["failed", "cancelled", "unknown"] as const)
      expect(cloneProblem(config, { outcome, content: "", exitCode: null, durationMs: 1 }, false)).toMatchObject({
        type: "repository_clone_error",
      });
  });

  it("what a host says is shown as it is and is not endless", () => {
    const problem = cloneProblem(config, failed(`remote: \u001b[31m\u202e${"x".repeat(5000)}`), true);
    for (const hidden of ["\u001b", "\u202e"]) expect(problem?.message).not.toContain(hidden);
    expect(problem?.message.length).toBeLessThan(900);
  });
});

describe("the script", () => {
  const branches = ["main", "it's", "a;b$(touch$IFS)`y`"];
  it.each([
    null,
    { type: "commit" as const, sha: "A".repeat(40) },
    ...branches.map((name) => ({ type: "branch" as const, name })),
  ])("is one that bash can read with %j, whatever names hold", (checkout) => {
    const script = cloneScript({ ...config, mount_path: "/workspace/it's $(here) `x`", checkout });
    execFileSync("/bin/bash", ["-n"], { input: script });
    expect(script).toContain("GIT_TERMINAL_PROMPT=0");
  });
});

describe("git in a shell", () => {
  const directory = mkdtempSync(join(tmpdir(), "berth-clone-"));
  const from = join(directory, "from");
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: from, encoding: "utf8" }).trim();
  let sha = "";
  beforeAll(() => {
    mkdirSync(from);
    git("init", "-q", "-b", "main");
    writeFileSync(join(from, "README"), "main\n");
    git("add", ".");
    git("commit", "-q", "-m", "first");
    sha = git("rev-parse", "HEAD");
    git("checkout", "-q", "-b", "feature/x");
    writeFileSync(join(from, "README"), "feature\n");
    git("commit", "-q", "-a", "-m", "second");
    git("tag", "v1");
    git("checkout", "-q", "main");
    git("commit", "-q", "--allow-empty", "-m", "third");
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  let count = 0;
  function clone(checkout: RepositoryConfig["checkout"], to = join(directory, `it's $(n) ${count++}`, "deep")) {
    const script = cloneScript({ ...config, url: from, mount_path: to, checkout });
    const { status, stderr } = spawnSync("/bin/bash", ["-c", `${script}\necho "$url$part" >&2`], { encoding: "utf8" });
    const code = spawnSync("/bin/bash", ["-c", script]).status;
    return { to, status, stderr: stderr.trim(), again: code, readme: () => readFileSync(join(to, "README"), "utf8") };
  }
  const in_ = (to: string, ...args: string[]) => execFileSync("git", ["-C", to, ...args], { encoding: "utf8" }).trim();

  it("gets the default branch, asked again leaves what is there, and leaves nothing else behind", () => {
    const done = clone(null);
    expect(done).toMatchObject({ status: 0, again: 0, stderr: "" });
    expect(in_(done.to, "branch", "--show-current")).toBe("main");
    expect(readdirSync(join(done.to, ".."))).toEqual(["deep"]);
    writeFileSync(join(done.to, "README"), "mine\n");
    expect(clone(null, done.to)).toMatchObject({ status: 0, again: 0 });
    expect(done.readme()).toBe("mine\n");
  });

  it("gets a branch that follows its origin, or a commit", () => {
    const branch = clone({ type: "branch", name: "feature/x" });
    expect(branch.readme()).toBe("feature\n");
    expect(in_(branch.to, "rev-parse", "--abbrev-ref", "HEAD@{upstream}")).toBe("origin/feature/x");
    const commit = clone({ type: "commit", sha: sha.toUpperCase() });
    expect(commit.readme()).toBe("main\n");
    expect(in_(commit.to, "rev-parse", "HEAD")).toBe(sha);
  });

  it("takes no tag for a branch, and leaves nothing of what it could not check out", () => {
    for (const checkout of [
      { type: "branch" as const, name: "v1" },
      { type: "branch" as const, name: "none" },
      { type: "commit" as const, sha: "0".repeat(40) },
    ]) {
      const { again, to } = clone(checkout);
      expect(again).toBe(3);
      expect(readdirSync(join(to, ".."))).toEqual([]);
    }
  });

  it("gets a repository without a commit, and an empty directory in its place", () => {
    const empty = join(directory, "empty");
    mkdirSync(empty);
    execFileSync("git", ["init", "-q"], { cwd: empty });
    const to = join(directory, "of-empty");
    mkdirSync(to);
    const script = cloneScript({ ...config, url: empty, mount_path: to });
    expect(spawnSync("/bin/bash", ["-c", script]).status).toBe(0);
    expect(readdirSync(to)).toEqual([".git"]);
  });

  it("writes over nothing, and begins anew what was cut off", () => {
    const taken = join(directory, "taken");
    mkdirSync(taken);
    writeFileSync(join(taken, "mine"), "");
    expect(clone(null, taken).again).toBe(4);
    expect(readdirSync(taken)).toEqual(["mine"]);
    const to = join(directory, "cut");
    mkdirSync(`${to}.berth-part/.git`, { recursive: true });
    expect(clone(null, to).again).toBe(0);
    expect(readdirSync(directory).filter((name) => name.startsWith("cut"))).toEqual(["cut"]);
  });
});
