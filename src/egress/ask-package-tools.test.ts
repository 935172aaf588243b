// What package managers say they are set to: real ones where this machine has them, with settings in a home of their own, and stand-ins
// that print what the others print.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { askPackageTools, type ToldByTool } from "./ask-package-tools.ts";
import { readToolHosts } from "./package-hosts.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "berth-tools-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function write(name: string, content: string, mode = 0o644): void {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  chmodSync(path, mode);
}

/** Tools that print a text; each looks at nothing but its arguments. */
function standIn(tool: string, script: string): void {
  write(`bin/${tool}`, `#!/bin/sh\n${script}\n`, 0o755);
}

const of = (found: ToldByTool[], tool: string) => found.find((one) => one.tool === tool);

it("asks npm and pip for their registries, with a mirror in their own settings", async () => {
  write(".npmrc", "registry=https://npm.corp.example/team/\n@own:registry=http://own.corp.example/\n");
  write(
    ".config/pip/pip.conf",
    "[global]\nindex-url = https://someone:secret@pypi.corp.example/simple\nextra-index-url = http://more.corp.example/simple\n",
  );
  const found = await askPackageTools({ PATH: "/usr/local/bin:/usr/bin:/bin", HOME: home });
  expect(of(found, "npm")).toEqual({
    tool: "npm",
    problem: null,
    hosts: expect.arrayContaining([
      { host: "npm.corp.example", plain: false },
      { host: "own.corp.example", plain: true },
    ]),
    settings: expect.arrayContaining([
      { tool: "npm", name: "registry", value: "https://npm.corp.example/team/", passwordFor: null },
      { tool: "npm", name: "@own:registry", value: "http://own.corp.example/", passwordFor: null },
    ]),
  });
  expect(of(found, "pip")?.hosts).toEqual([
    { host: "pypi.corp.example", plain: false },
    { host: "more.corp.example", plain: true },
  ]);
  // That there is a password is told, and not the password.
  expect(of(found, "pip")?.settings).toEqual([
    { tool: "pip", name: "index-url", value: "https://pypi.corp.example/simple", passwordFor: "pypi.corp.example" },
    { tool: "pip", name: "extra-index-url", value: "http://more.corp.example/simple", passwordFor: null },
  ]);
  expect(JSON.stringify(found)).not.toContain("secret");
});

it("reads what apt, go, cargo and gem print", async () => {
  standIn("apt-get", "echo http://deb.corp.example/debian; echo http://deb.corp.example/debian; echo file:/srv/debs");
  standIn(
    "go",
    "echo 'https://go.corp.example,https://proxy.golang.org|direct'; echo 'sum.corp.example+abc https://sums.corp.example'",
  );
  standIn(
    "cargo",
    `echo '{"source":{"crates-io":{"replace-with":"own"},"own":{"registry":"sparse+https://crates.corp.example/index/"}}}'`,
  );
  standIn("gem", "echo '*** CURRENT SOURCES ***'; echo; echo https://rubygems.org/");
  const found = await askPackageTools({ PATH: `${join(home, "bin")}:/nonexistent`, HOME: home });
  const hosts = (tool: string) => of(found, tool)?.hosts.map(({ host, plain }) => (plain ? `http ${host}` : host));
  expect(hosts("apt")).toEqual(["http deb.corp.example"]);
  expect(of(found, "apt")?.problem).toContain("file:/srv/debs");
  expect(hosts("go")).toEqual(["go.corp.example", "proxy.golang.org", "sums.corp.example"]);
  expect(hosts("cargo")).toEqual(["crates.corp.example"]);
  expect(hosts("gem")).toEqual(["rubygems.org", "index.rubygems.org"]);
  expect(of(found, "npm")).toEqual({ tool: "npm", hosts: [], problem: "is not installed", settings: [] });
  const settings = (tool: string) => of(found, tool)?.settings.map(({ name, value }) => `${name} ${value}`);
  expect(settings("apt")).toEqual([]);
  expect(settings("go")).toEqual([
    "GOPROXY https://go.corp.example,https://proxy.golang.org|direct",
    "GOSUMDB sum.corp.example+abc https://sums.corp.example",
  ]);
  expect(settings("cargo")).toEqual(["registry sparse+https://crates.corp.example/index/"]);
  expect(settings("gem")).toEqual(["source https://rubygems.org/"]);
});

it("takes neither what is broken nor what says nonsense for an answer", async () => {
  standIn("npm", "echo '{not json'");
  standIn("go", "exit 3");
  const found = await askPackageTools({ PATH: join(home, "bin"), HOME: home });
  for (const tool of ["npm", "go"])
    expect(of(found, tool)).toEqual({ tool, hosts: [], problem: "did not tell what it is set to", settings: [] });
});

it.each([
  ["https://10.0.0.5/simple", "is an address"],
  ["https://localhost/simple", "full name"],
  ["https://npm.corp.example:4873/", "only port 443"],
  ["http://npm.corp.example:8081/", "only port 80"],
  ["ftp://mirror.example/", "ftp"],
])("names %s as what can't be reached", (address, words) => {
  const { hosts, problem } = readToolHosts("npm", [address]);
  expect(hosts).toEqual([]);
  expect(problem).toContain(words);
});
