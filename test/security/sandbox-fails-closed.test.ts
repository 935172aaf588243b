// S19: where a wall can't be put up, no sandbox starts. Each test takes one away.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findProgram, readHost, systemDirectories } from "../../src/sandboxes/local/host.ts";
import { type Launch, launchSandbox } from "../../src/sandboxes/local/launch.ts";
import { createNetworkNamespaces, type NetworkNamespace } from "../../src/sandboxes/local/network-namespaces.ts";
import {
  sandboxesMissing,
  sandboxProcesses,
  startTestSandboxd,
  TEST_LIMITS,
  TEST_SPEC,
} from "../support/local-sandboxd.ts";

const missing = sandboxesMissing();
const isRoot = process.getuid?.() === 0;
const directory = mkdtempSync(join(tmpdir(), "berth-closed-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let counter = 0;
const { network: programs } = readHost();
const networks = (found: typeof programs) => createNetworkNamespaces(() => found, { isRoot, log: () => undefined });
let network: NetworkNamespace | null = null;
beforeAll(async () => {
  if (!missing && isRoot) network = await networks(programs).take();
});
afterAll(() => network?.close());

/** A launch that would end with 0 if its command were run. */
function launchWith(changes: Partial<Launch>): Launch {
  chmodSync(directory, 0o755);
  for (const part of ["work", "home", "state", "etc", "egress"]) mkdirSync(join(directory, part), { recursive: true });
  return {
    bubblewrap: findProgram("bwrap") ?? "",
    identity: isRoot ? { setpriv: findProgram("setpriv") ?? "", uid: 250_000 } : null,
    network,
    cgroup: null,
    limits: TEST_LIMITS,
    view: {
      etcDir: join(directory, "etc"),
      nodeFile: process.execPath,
      runnerFile: "/dev/null",
      ptyFile: null,
      workspaceDir: join(directory, "work"),
      homeDir: join(directory, "home"),
      stateDir: join(directory, "state"),
      egressDir: join(directory, "egress"),
      javaSecurityDirectories: [],
      systemDirectories: systemDirectories(),
      scratch: null,
      tmpMb: 16,
      sharedMemoryMb: 16,
      packages: null,
    },
    socketPath: join(directory, `s${counter++}.sock`),
    config: {
      identity: "i",
      token: "t",
      env: {},
      stateDir: "/var/lib/berth",
      workspaceDir: "/workspace",
      homeDir: "/home/agent",
      maxArchiveBytes: 1,
      maxOutputFileBytes: 1,
      ownsProcesses: false,
      relaysEgress: false,
    },
    command: ["/bin/true"],
    ...changes,
  };
}

async function endOf(launch: Launch): Promise<{ code: number | null; said: string }> {
  const launched = await launchSandbox(launch);
  const said = await launched.ended;
  return { code: launched.process.exitCode, said };
}

describe.skipIf(missing || !isRoot)("S19: fails closed", () => {
  it("the complete launch runs its command, so that the others prove something", async () => {
    expect(await endOf(launchWith({}))).toMatchObject({ code: 0 });
  });

  it("without bubblewrap", async () => {
    expect((await endOf(launchWith({ bubblewrap: "/nonexistent/bwrap" }))).code).not.toBe(0);
  });

  it("without the program that drops the user id", async () => {
    const identity = { setpriv: "/nonexistent/setpriv", uid: 250_000 };
    expect((await endOf(launchWith({ identity }))).code).not.toBe(0);
  });

  it("as root, whatever the reason", async () => {
    await expect(launchSandbox(launchWith({ identity: null }))).rejects.toMatchObject({ code: "sandbox_unavailable" });
    const identity = { setpriv: findProgram("setpriv") ?? "", uid: 0 };
    await expect(launchSandbox(launchWith({ identity }))).rejects.toMatchObject({ code: "sandbox_unavailable" });
  });

  it("without a network namespace of its own", async () => {
    await expect(launchSandbox(launchWith({ network: null }))).rejects.toMatchObject({ code: "sandbox_unavailable" });
    for (const program of ["unshare", "ip"] as const) {
      const broken = networks(programs && { ...programs, [program]: "/bin/false" });
      await expect(broken.take(), program).rejects.toMatchObject({ code: "sandbox_unavailable" });
    }
    // What would run without having entered it.
    const unentered = await networks(programs && { ...programs, nsenter: "/bin/false" }).take();
    expect((await endOf(launchWith({ network: unentered }))).code).not.toBe(0);
    unentered.close();
  });

  it("with cgroups that can't be joined", async () => {
    const cgroup = {
      procsFiles: ["/proc/version"],
      members: () => [],
      memoryBytes: () => null,
      setLimits: () => undefined,
      destroy: async () => undefined,
    };
    const result = await endOf(launchWith({ cgroup }));
    expect(result.code).not.toBe(0);
    expect(result.said).toContain("I/O error");
  });

  it("with a filter that bubblewrap does not get", async () => {
    const wrapper = join(directory, "bwrap-without-filter");
    writeFileSync(wrapper, `#!/bin/sh\nexec 4<&-\nexec ${findProgram("bwrap")} "$@"\n`, { mode: 0o755 });
    expect((await endOf(launchWith({ bubblewrap: wrapper }))).code).not.toBe(0);
  });

  /** sandboxd in a mount namespace in which a command has taken something away. */
  const without = (command: string) => [
    ...["unshare", "--mount", "--propagation", "private", "--", "/bin/sh", "-ec"],
    ...[`${command}\nexec "$@"`, "start"],
  ];

  it("sandboxd without bubblewrap says so, with the command to type, and makes nothing", async () => {
    const wrapper = without(`mount --bind /dev/null ${findProgram("bwrap")}`);
    await using sandboxd = await startTestSandboxd({ warm: 1, wrapper });
    const test = await sandboxd.backend.selfTest();
    expect(test.usable).toBe(false);
    expect(test.remedy).toMatch(/bubblewrap/);
    await expect(sandboxd.backend.create("x", TEST_SPEC)).rejects.toMatchObject({ code: "sandbox_unavailable" });
    expect(await sandboxd.backend.list()).toEqual([]);
    expect(sandboxProcesses(sandboxd.dataDir)).toEqual([]);
  });

  it("sandboxd with read-only cgroups says that memory is not held per sandbox", async () => {
    const wrapper = without("mount -o bind,remount,ro /sys/fs/cgroup/pids || mount -o bind,remount,ro /sys/fs/cgroup");
    await using sandboxd = await startTestSandboxd({ wrapper });
    const test = await sandboxd.backend.selfTest();
    const check = test.checks.find((one) => one.name === "memory and processes");
    expect(check).toMatchObject({ holds: false, detail: expect.stringContaining("no cgroups") });
  });

  it("with a bubblewrap that does not work", async () => {
    const wrapper = without("mount --bind /bin/false /usr/bin/bwrap");
    await using sandboxd = await startTestSandboxd({ wrapper });
    expect(await sandboxd.backend.selfTest()).toMatchObject({ usable: false });
    await expect(sandboxd.backend.create("x", TEST_SPEC)).rejects.toMatchObject({ code: "sandbox_unavailable" });
  });
});
