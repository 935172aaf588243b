// What is installed, or said, when a program that sandboxes need is missing.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { installCommand, installSandboxTools, missingPackages } from "./install.ts";
import { isAtLeast } from "./self-test.ts";

const root = mkdtempSync(join(tmpdir(), "berth-install-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let counter = 0;

/** A search path with these programs; `apt-get` notes its arguments and puts bwrap there. */
function hostWith(programs: Record<string, string>): string {
  const directory = join(root, String(counter++));
  mkdirSync(directory);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/bin/sh\ncd ${directory}\n${script}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  return directory;
}
const present = { bwrap: "", ip: "", setpriv: "", "mkfs.ext4": "", rg: "" };
const ask = (searchPath: string, isRoot: boolean, allowed: boolean, lines: string[] = []) =>
  installSandboxTools({
    allowed,
    isRoot,
    searchPath,
    onBegin: (packages) => lines.push(`begins: ${packages.join(" ")}`),
    onProgress: (line) => lines.push(line),
    signal: new AbortController().signal,
  });

test("nothing is done where all is present", async () => {
  expect(await ask(hostWith(present), true, true)).toEqual({ outcome: "present" });
});

test.runIf(process.platform === "linux")(
  "as root with apt-get the missing packages are installed, and it is said",
  async () => {
    const host = hostWith({ "apt-get": 'echo "$@" >> calls; echo unpacking' });
    const lines: string[] = [];
    const outcome = await ask(host, true, true, lines);
    expect(outcome).toEqual({
      outcome: "installed",
      packages: ["bubblewrap", "iproute2", "util-linux", "e2fsprogs", "ripgrep"],
    });
    expect(readFileSync(join(host, "calls"), "utf8")).toBe(
      "install --yes --no-install-recommends bubblewrap iproute2 util-linux e2fsprogs ripgrep\n",
    );
    expect(lines).toEqual(["begins: bubblewrap iproute2 util-linux e2fsprogs ripgrep", "unpacking"]);
  },
);

test.runIf(process.platform === "linux")(
  "a failed installation is tried once more with fresh lists, then named",
  async () => {
    const host = hostWith({ ...present, "apt-get": 'echo "$1" >> calls; exit 100' });
    rmSync(join(host, "bwrap"));
    expect(await ask(host, true, true)).toMatchObject({ outcome: "failed", reason: "apt-get ended with 100" });
    expect(readFileSync(join(host, "calls"), "utf8")).toBe("install\nupdate\ninstall\n");
  },
);

test.runIf(process.platform === "linux")(
  "broken off, apt-get is interrupted, waited for and not tried again",
  async () => {
    const host = hostWith({
      "apt-get": `trap 'echo "end of $1" >> calls; exit 130' INT; echo "$1" >> calls; echo begun; while :; do sleep 0.05; done`,
    });
    const breakOff = new AbortController();
    const outcome = await installSandboxTools({
      allowed: true,
      isRoot: true,
      searchPath: host,
      onBegin: () => undefined,
      onProgress: () => breakOff.abort(),
      signal: breakOff.signal,
    });
    expect(outcome).toMatchObject({ outcome: "failed", reason: "apt-get was broken off" });
    expect(readFileSync(join(host, "calls"), "utf8")).toBe("install\nend of install\n");
  },
);

test.runIf(process.platform === "linux")(
  "without leave, root or apt-get, the one command to type is named",
  async () => {
    const debian = hostWith({ "apt-get": "touch called" });
    expect(await ask(debian, true, false)).toMatchObject({
      outcome: "not-possible",
      reason: "installing is turned off",
    });
    expect(await ask(debian, false, true)).toMatchObject({
      command: "sudo apt-get install --yes bubblewrap iproute2 ripgrep",
    });
    expect(await ask(hostWith({ dnf: "" }), true, true)).toMatchObject({ reason: "this system has no apt-get" });
    expect(installCommand(["bubblewrap"], true, hostWith({ dnf: "" }))).toBe("dnf install bubblewrap");
    expect(installCommand(["bubblewrap"], true, hostWith({}))).toBe("install the packages bubblewrap");
  },
);

test("only root needs the programs that make disks and drop user ids", () => {
  expect(missingPackages(false, hostWith({}))).toEqual(["bubblewrap", "iproute2", "ripgrep"]);
});

test("versions are compared by their parts", () => {
  expect(isAtLeast([0, 8, 0], [0, 8, 0])).toBe(true);
  expect(isAtLeast([0, 11, 0], [0, 8, 0])).toBe(true);
  expect(isAtLeast([1, 0, 0], [0, 8, 0])).toBe(true);
  expect(isAtLeast([0, 6, 1], [0, 8, 0])).toBe(false);
});
