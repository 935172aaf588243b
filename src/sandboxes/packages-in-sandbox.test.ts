// The commands that install, as a shell takes them; and where programs look for what they made.
import { execFileSync, spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { ABSENT_EXIT_CODE, installSteps, isEmptySet, withPackages } from "./packages-in-sandbox.ts";

test("a step for each manager that has packages, whatever their order and repetition", () => {
  const steps = installSteps({ npm: ["b", "a", "b"], pip: ["rich"], go: [], apt: ["ffmpeg"] });
  expect(steps.map(({ manager, packages }) => [manager, packages])).toEqual([
    ["pip", ["rich"]],
    ["npm", ["a", "b"]],
  ]);
});

test.each(["pip", "npm", "gem", "go", "cargo"])("%s that is not there is told by its exit code", (manager) => {
  const [step] = installSteps({ [manager]: ["x"] });
  const command = step?.command.replaceAll("/usr/local/go/bin", "/nowhere") ?? "";
  const { status } = spawnSync("/bin/bash", [
    "-c",
    `HOME=/tmp; mkdir() { :; }; export -f mkdir; PATH=/nowhere; ${command}`,
  ]);
  expect(status).toBe(ABSENT_EXIT_CODE);
});

test("go takes the newest of what has no version, each on its own", () => {
  const [step] = installSteps({ go: ["a.example/x", "b.example/y@v1.2.3"] });
  expect(step?.command.match(/go install '?\\?'?'?\S+/g)).toHaveLength(2);
  expect(step?.command).toContain("a.example/x@latest");
  expect(step?.command).toContain("b.example/y@v1.2.3");
});

test("a name is one word of the shell, whatever is in it", () => {
  const [step] = installSteps({ pip: ["a'; echo no; '"] });
  // What the outer shell hands on is a script; that script's words are looked at by a shell in which the manager is a function.
  const inner = execFileSync("/bin/bash", [
    "-c",
    `f() { printf %s "$2"; }; ${step?.command.replace("/bin/bash", "f")}`,
  ]).toString();
  const shown =
    'python3() { if [ "$3" = --version ]; then return 0; fi; shift $(($# - 1)); printf "<%s>" "$1"; }; mkdir() { :; }; HOME=/tmp; ';
  expect(execFileSync("/bin/bash", ["-c", shown + inner]).toString()).toBe("<a'; echo no; '>");
});

test("programs find packages first, and what the operator set after", () => {
  expect(withPackages({ PATH: "/own", PYTHONPATH: "/lib", A: "b" })).toMatchObject({
    PATH: "/opt/packages/pip/bin:/opt/packages/npm/bin:/opt/packages/gem/bin:/opt/packages/go/bin:/opt/packages/cargo/bin:/own",
    PYTHONPATH: "/opt/packages/pip:/lib",
    NODE_PATH: "/opt/packages/npm/lib/node_modules",
    A: "b",
  });
});

test("lists without a package are none", () => {
  expect(isEmptySet({ pip: [], npm: [] })).toBe(true);
  expect(isEmptySet({ pip: [], npm: ["a"] })).toBe(false);
});

test("each manager is set to what this machine's own is set to, each value as one word", () => {
  const setting = (tool: string, name: string, value: string) => ({ tool, name, value, passwordFor: null });
  const steps = installSteps({ pip: ["x"], npm: ["x"], gem: ["x"], go: ["x"], cargo: ["x"] }, [
    setting("pip", "index-url", "http://pip.example/simple"),
    setting("pip", "extra-index-url", "https://more.example/a"),
    setting("pip", "extra-index-url", "https://more.example/b"),
    setting("npm", "registry", "https://npm.example/'$(id)'/"),
    setting("npm", "@own:registry", "https://own.example/"),
    setting("gem", "source", "https://gems.example/"),
    setting("gem", "source", "https://rubygems.org/"),
    setting("go", "GOPROXY", "https://go.example,direct"),
    setting("cargo", "registry", "sparse+https://crates.example/"),
  ]);
  const said = steps.map(({ manager, command }) => {
    const program = manager === "pip" ? "python3" : manager;
    // A program that says how it is called, by the variables that matter and then a word a line.
    const standIn = `${program}() { case "$*" in *version) return 0;; esac; env | grep -E "^(PIP_|GOPROXY)" | sort; printf "%s\\n" "$@"; }; export -f ${program}; mkdir() { :; }; export -f mkdir; HOME=/tmp; `;
    return execFileSync("/bin/bash", ["-c", standIn + command])
      .toString()
      .split("\n");
  });
  const [pip, npm, gem, go, cargo] = said;
  expect(pip).toEqual(
    expect.arrayContaining([
      "PIP_INDEX_URL=http://pip.example/simple",
      "PIP_EXTRA_INDEX_URL=https://more.example/a https://more.example/b",
      "PIP_TRUSTED_HOST=pip.example",
    ]),
  );
  expect(npm).toEqual(
    expect.arrayContaining(["--registry=https://npm.example/'$(id)'/", "--@own:registry=https://own.example/", "x"]),
  );
  expect(gem?.join(" ")).toContain("--clear-sources --source https://gems.example/ --source https://rubygems.org/");
  expect(go).toContain("GOPROXY=https://go.example,direct");
  expect(cargo).toContain('source.crates-io.replace-with="mirror"');
  expect(cargo).toContain('source.mirror.registry="sparse+https://crates.example/"');
});

test("a manager whose mirror needs a password says for whom; the others need none", () => {
  const settings = [{ tool: "pip", name: "index-url", value: "https://pip.example/", passwordFor: "pip.example" }];
  const steps = installSteps({ pip: ["x"], npm: ["x"] }, settings);
  expect(steps.map(({ passwordFor }) => passwordFor)).toEqual(["pip.example", null]);
});
