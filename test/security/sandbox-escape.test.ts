// Attacks on the host from inside a sandbox (S1–S19), one test each, against the real launcher.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findProgram } from "../../src/sandboxes/local/host.ts";
import { assertOuterUid } from "../../src/sandboxes/local/launch.ts";
import { type Architecture, DENIED } from "../../src/sandboxes/local/syscalls.ts";
import type { Sandbox } from "../../src/sandboxes/sandbox.ts";
import {
  sandboxesMissing,
  sandboxProcesses,
  startTestSandboxd,
  TEST_SPEC,
  type TestSandboxd,
} from "../support/local-sandboxd.ts";
import { until } from "../support/until.ts";

const missing = sandboxesMissing();
const isRoot = process.getuid?.() === 0;
const CANARY = `CANARY_${Math.random().toString(36).slice(2)}`;
const gcc = findProgram("gcc");
if (!gcc && process.env.REQUIRE_SANDBOX === "1") throw new Error("REQUIRE_SANDBOX=1, but S10 needs gcc");
if (!gcc) console.warn("SKIPPED: S10 needs gcc to build calls through foreign system call tables");

/** Prints `name errno` for each forbidden call, made with harmless arguments. */
function syscallProbe(): string {
  const architecture: Architecture = process.arch === "arm64" ? "arm64" : "x64";
  const calls = Object.entries(DENIED).flatMap(([name, numbers]) => {
    const number = numbers[architecture];
    return number === null ? [] : [`${name}=>${number}`];
  });
  return `perl -e 'my %c = (${calls.join(",")}); for (sort keys %c) { $! = 0; syscall($c{$_}, -1, 0, 0, 0, 0, 0); print "$_ ", $!+0, "\\n" }'`;
}

/** Prints the errno of making a socket of each family. */
const SOCKET_PROBE = `perl -e 'for ([40,1,0],[38,5,0],[17,3,0],[2,3,1],[16,3,9]) { $! = 0; socket(my $s, $_->[0], $_->[1], $_->[2]); print "$_->[0]/$_->[1] ", $!+0, "\\n" }'`;

/** What namespaces a process can be made in; `clone3` is answered as if it did not exist. */
const NEW_NAMESPACES = {
  mount: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  network: 0x40000000,
};
const arm = process.arch === "arm64";
/** Prints the errno of a `clone` into each kind of namespace; a child that there should not be says so. */
const CLONE_PROBE = `perl -e 'for (${Object.values(NEW_NAMESPACES).join(",")}) { $! = 0; my $r = syscall(${arm ? 220 : 56}, $_ | 17, 0, 0, 0, 0); if ($r == 0) { print "child\n"; exit } print $! + 0, "\n" }'`;

const [ADD_KEY, REQUEST_KEY, KEYCTL] = arm ? [217, 218, 219] : [248, 249, 250];
/** Joins a session keyring of its own with a key in it, and goes on as another program, which inherits both. */
const WITH_KEY = [
  "perl",
  "-e",
  `syscall(${KEYCTL}, 1, 0) > 0 or die "keyctl: $!"; my ($type, $name, $value) = ("user", "${CANARY}", "${CANARY}"); syscall(${ADD_KEY}, $type, $name, $value, length $value, -3) > 0 or die "add_key: $!"; exec @ARGV`,
];
/** Prints the value of that key, or the errno of looking for it, and of the other ways to keyrings. */
const KEY_PROBE = `perl -e 'my ($type, $name, $buffer) = ("user", "${CANARY}", "." x 100); my $key = syscall(${KEYCTL}, 10, -3, $type, $name, 0); print $key > 0 && syscall(${KEYCTL}, 11, $key, $buffer, 100) > 0 ? substr($buffer, 0, ${CANARY.length}) : $! + 0; for ([${KEYCTL}, 0, -3, 0], [${KEYCTL}, 0, -4, 1], [${ADD_KEY}, $type, "mine", "x", 1, -2], [${REQUEST_KEY}, $type, $name, 0, -2]) { my @call = @$_; $! = 0; syscall($call[0], @call[1 .. $#call]); print " ", $! + 0 }'`;

/** All processes of the installation's user ids, those included that have ended and were not waited for. */
function remainsOf(uid: number): { pid: number; state: string }[] {
  return readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      const owner = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1]);
      return owner === uid ? [{ pid: Number(entry), state: /^State:\s+(\w)/m.exec(status)?.[1] ?? "?" }] : [];
    } catch {
      // It ended while it was looked at.
      return [];
    }
  });
}

/** Children of a process that have ended and were not waited for. */
function zombiesOf(parent: number): string[] {
  return readdirSync("/proc").flatMap((entry) => {
    try {
      const status = /^\d+$/.test(entry) ? readFileSync(`/proc/${entry}/status`, "utf8") : "";
      return /^State:\s+Z/m.test(status) && Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) === parent ? [entry] : [];
    } catch {
      // It ended while it was looked at.
      return [];
    }
  });
}

/** The files that list a sandbox's processes, in each of its cgroups. */
function cgroupsOf(pid: number): string[] {
  const mounts = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  return readFileSync(`/proc/${pid}/cgroup`, "utf8")
    .split("\n")
    .flatMap((line) => {
      const [, controllers = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (!path.includes("berth")) return [];
      const mount = mounts.find(([, , type, options = ""]) =>
        controllers === ""
          ? type === "cgroup2"
          : type === "cgroup" && options.split(",").includes(controllers.split(",")[0] ?? ""),
      );
      return mount?.[1] ? [join(mount[1], path, "cgroup.procs")] : [];
    });
}

/** What a probe says in namespaces alone, without the filter of system calls. */
function unfiltered(probe: string, wrapper: readonly string[] = []): string {
  const walls = ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"];
  const [file = "", ...args] = [...wrapper, ...walls, "--", "/bin/sh", "-c", probe];
  return execFileSync(file, args, { encoding: "utf8" });
}

describe.skipIf(missing)("escape", () => {
  let sandboxd: TestSandboxd;
  let sandbox: Sandbox;
  let counter = 0;
  const directory = mkdtempSync(join(tmpdir(), "berth-canary-"));
  const sh = async (command: string, target = sandbox) =>
    (await target.runOperation(`op${counter++}`, { kind: "bash", command, timeoutMs: 30_000 })).content;

  beforeAll(async () => {
    const canaryFile = join(directory, "canary");
    writeFileSync(canaryFile, CANARY);
    sandboxd = await startTestSandboxd({
      env: { MASTER_KEY: CANARY, DATABASE_URL: `postgres://${CANARY}` },
      // Two descriptors that nobody closed: a low one, and one beyond any that Node itself would close.
      wrapper: [...WITH_KEY, "/bin/bash", "-c", `exec 251<${canaryFile}; exec "$@"`, "start"],
      extraStdio: [openSync(canaryFile, "r")],
    });
    sandbox = await sandboxd.backend.create("sesn_secretname", TEST_SPEC);
  });
  afterAll(async () => {
    await sandboxd[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });

  it("S1: kernel settings cannot be written", async () => {
    const settings = ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hostname"];
    const files = settings.filter((file) => existsSync(file));
    const before = files.map((file) => readFileSync(file, "utf8"));
    for (const file of [
      ...files,
      ...["/proc/sys/vm/drop_caches", "/proc/sysrq-trigger"].filter((file) => existsSync(file)),
    ]) {
      expect(await sh(`(echo x > ${file}) 2>&1`), file).toMatch(/Permission denied|Read-only file system/);
    }
    // Both walls: the user id alone would do, and so would the read-only mount.
    expect(await sh("grep ' /proc/sys ' /proc/self/mounts")).toMatch(/ ro,/);
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(before);
  });

  it.runIf(isRoot)("S2: no process has a user id of the host or of another sandbox", async () => {
    const other = await sandboxd.backend.create("sesn_other", TEST_SPEC);
    await sh("sleep 1000 &", other);
    const uids = new Set(sandboxProcesses(sandboxd.dataDir).map((one) => one.uid));
    expect(uids.size).toBe(2);
    expect([...uids].every((uid) => uid >= 100_000)).toBe(true);
    await sandboxd.backend.destroy("sesn_other");
    expect(() => assertOuterUid(0)).toThrow("refusing");
    expect(() => assertOuterUid(1000)).toThrow("refusing");
  });

  it("S3: the server's environment is in no process", async () => {
    const seen = await sh("cat /proc/[0-9]*/environ | tr '\\0' '\\n'");
    expect(seen).toContain("PATH=");
    expect(seen).not.toContain(CANARY);
    expect(await sh("tr '\\0' '\\n' < /proc/1/environ | cut -d= -f1 | sort -u")).toMatch(/^PATH(\nPWD)?$/);
  });

  it("S4: no descriptor of the server is inherited", async () => {
    const own = await sh("ls /proc/self/fd | tr '\\n' ' '");
    expect(own).toBe("0 1 2 3 "); // 3 is the directory that is listed
    const all = await sh("for d in /proc/[0-9]*/fd/*; do readlink $d; cat $d & sleep 0; kill $! ; done 2>/dev/null");
    expect(all).not.toContain(CANARY);
    expect(all).not.toContain("canary");
  });

  it("S5: neither names of sandboxes nor paths of data show in /proc", async () => {
    const seen = await sh("cat /proc/[0-9]*/cmdline /proc/self/mountinfo | tr '\\0' ' '");
    expect(seen).toContain("bwrap");
    expect(seen).not.toContain("secretname");
    if (isRoot) expect(seen).not.toContain(sandboxd.dataDir);
  });

  it("S6, S7: every forbidden system call is refused", async () => {
    const lines = (await sh(syscallProbe())).split("\n");
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter((line) => !line.endsWith(" 1"))).toEqual([]);
    const clone3 = await sh(`perl -e 'syscall(435, 0, 0); print $!+0'`);
    expect(clone3).toBe("38");
    expect((await sh(CLONE_PROBE)).split("\n")).toEqual(Object.values(NEW_NAMESPACES).map(() => "1"));
  });

  it.each([
    ...["--user", "--mount", "--pid --fork", "--net", "--ipc", "--uts", "--cgroup"].map(
      (kind) => `unshare ${kind} true`,
    ),
    ...["mnt", "user", "pid", "net", "ipc", "uts"].map(
      (kind) => `nsenter --${kind === "mnt" ? "mount" : kind}=/proc/1/ns/${kind} true`,
    ),
    "mount -t tmpfs none /tmp",
    "mount --bind /etc /tmp",
    "mount -o remount,rw /",
    "chroot / true",
    "hostname owned",
  ])("S6: %s is not permitted", async (command) => {
    const namespaces = () => sh("readlink /proc/self/ns/*; cat /proc/self/mounts; cat /proc/sys/kernel/hostname");
    const before = await namespaces();
    const { content, exitCode } = await sandbox.runOperation(`op${counter++}`, { kind: "bash", command });
    expect(exitCode).not.toBe(0);
    expect(content).toMatch(/Operation not permitted|must be superuser|must be root/i);
    expect(await namespaces()).toBe(before);
  });

  it("S6, S7 can fail: without the filter the same probe gets through", () => {
    const output = unfiltered(syscallProbe());
    const passed = output.split("\n").filter((line) => line !== "" && !line.endsWith(" 1"));
    expect(passed.length).toBeGreaterThan(10);
    expect(unfiltered(CLONE_PROBE)).toContain("child");
  });

  it("S8: keyrings of the host can't be reached, also not the one that the server was started with", async () => {
    expect(await sh(KEY_PROBE)).toBe("1 1 1 1 1");
    // Readable, and empty: neither the session's keyring nor a user's is among them.
    expect(await sh("[ ! -e /proc/keys ] || cat /proc/keys /proc/key-users; echo read")).toBe("read");
  });

  it("S8 can fail: without the filter the same probe reads the server's key", () => {
    expect(unfiltered(KEY_PROBE, WITH_KEY)).toMatch(new RegExp(`^${CANARY} `));
  });

  it("S9: socket families that ignore network namespaces are refused", async () => {
    expect((await sh(SOCKET_PROBE)).split("\n")).toEqual(["40/1 97", "38/5 97", "17/3 97", "2/3 1", "16/3 97"]);
    expect(await sh("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '")).toBe("lo");
    expect(await sh("(exec 3<>/dev/tcp/169.254.169.254/80) 2>&1")).toContain("unreachable");
    expect(
      await sh("python3 -c 'import socket; socket.socket(); print(1)' || perl -e 'socket(S,2,1,6) and print 1'"),
    ).toContain("1");
  });

  it.skipIf(!gcc || process.arch !== "x64")("S10: calls through the i386 or x32 table kill the process", async () => {
    const source = join(directory, "abi.c");
    const program = join(directory, "abi");
    writeFileSync(
      source,
      `#include <stdio.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int n, char **a) {
  long r;
  if (a[1][0] == 'i') __asm__ volatile("int $0x80" : "=a"(r) : "a"(20));
  else r = syscall(0x40000000 | 39);
  printf("pid %ld\\n", r); return 0;
}`,
    );
    execFileSync(gcc ?? "gcc", ["-static", "-o", program, source]);
    await sandbox.writeFile("abi", readFileSync(program));
    for (const table of ["i386", "x32"]) {
      const result = await sandbox.runOperation(`abi-${table}`, {
        kind: "bash",
        command: `chmod +x /workspace/abi; /workspace/abi ${table}`,
      });
      expect(result.content, table).not.toContain("pid");
      expect(result.exitCode, table).toBe(159); // 128 + SIGSYS
    }
  });

  it("S11: nothing can be typed into a terminal", async () => {
    const probe = (request: string) =>
      sh(
        `perl -e 'use Fcntl; sysopen(my $t, "/dev/ptmx", O_RDWR|O_NOCTTY) or die; my $b = "x"; $! = 0; ioctl($t, ${request}, $b); print $!+0'`,
      );
    expect(await probe("0x5412")).toBe("1");
    expect(await probe("0x541C")).toBe("1");
    expect(await sh("(: < /dev/tty) 2>&1")).toContain("No such device");
  });

  it("S12: sockets of the host can't be reached", async () => {
    const name = `berth-test-${CANARY}`;
    const server = createServer((socket) => socket.end("reached"));
    await new Promise<void>((resolve) => server.listen(`\0${name}`, resolve));
    const connect = (path: string) =>
      sh(
        `perl -e 'use Socket; socket(my $s, 1, 1, 0); print connect($s, pack_sockaddr_un("${path}")) ? "connected" : $!+0'`,
      );
    expect(await connect(`\\0${name}`)).toBe("111");
    expect(await connect("/var/run/docker.sock")).toBe("2");
    expect(await connect("/run/dbus/system_bus_socket")).toBe("2");
    expect(await connect(sandboxd.socketPath)).toBe("2");
    await new Promise((resolve) => server.close(resolve));
  });

  it("S13: /dev has only harmless devices", async () => {
    const names = (await sh("ls /dev")).split("\n");
    const harmless = [
      "console",
      "core",
      "fd",
      "full",
      "null",
      "ptmx",
      "pts",
      "random",
      "shm",
      "stderr",
      "stdin",
      "stdout",
      "tty",
      "urandom",
      "zero",
    ];
    expect(names.filter((name) => !harmless.includes(name))).toEqual([]);
    expect((await sandbox.runOperation("mknod", { kind: "bash", command: "mknod /tmp/sda b 8 0" })).outcome).toBe(
      "failed",
    );
  });

  it("S14: a setuid program gains nothing", async () => {
    const found = await sh(
      "cp /bin/bash /workspace/rootbash; chmod u+s /workspace/rootbash; /workspace/rootbash -p -c 'id -u'",
    );
    expect(found).toBe("1000");
    expect(await sh("echo | su -c 'id -u' 2>&1; true")).not.toMatch(/^0$/m);
    expect(await sh("grep -E 'NoNewPrivs|CapEff|CapBnd' /proc/self/status | tr '\\t\\n' '  '")).toMatch(
      /CapEff: 0+ CapBnd: 0+ NoNewPrivs: 1/,
    );
  });

  it("S15: files of the host and of others are not there", async () => {
    for (const path of [
      "/etc/shadow",
      "/root",
      sandboxd.dataDir,
      "/var/lib/postgresql",
      "/home/agent/../../root",
      "/boot",
    ]) {
      expect(await sh(`cat ${path} 2>&1; ls ${path} 2>&1; true`), path).toMatch(/No such file/);
    }
    expect(await sh("grep -c . /etc/passwd")).toBe("3");
    expect(await sh("ls /proc/1/root/ | grep -c root || true")).toBe("0");
  });

  it("S16: processes outside, of the host and of a sibling, can neither be seen nor signalled", async () => {
    const sibling = await sandboxd.backend.create("sesn_sibling", TEST_SPEC);
    const bystander = spawn("sleep", ["1000"], { stdio: "ignore" });
    await sh("sleep 1000 & echo $! > sleeper", sibling);
    const alive = "kill -0 $(cat sleeper) && echo alive";
    try {
      expect(await sh(alive, sibling)).toBe("alive");
      const pids = readdirSync("/proc")
        .filter((entry) => /^\d+$/.test(entry))
        .map(Number);
      expect(pids).toContain(bystander.pid);
      // Every process id that the host has, and some more; its own, threads included, are what /proc shows.
      const sweep = `perl -e 'my %own = map { m,(\\d+)$, ? ($1 => 1) : () } glob("/proc/[0-9]*/task/*"); my %seen; for (1 .. ${Math.max(...pids) + 1000}) { next if $own{$_} || $_ == $$; $seen{"signalled $_"} = 1 if kill(9, $_) || $!{EPERM}; $seen{"listed $_"} = 1 if -e "/proc/$_" } print scalar(keys %own), " own; reached: ", join(" ", sort keys %seen)'`;
      expect(await sh(sweep)).toMatch(/^\d+ own; reached: $/);
      expect(Number(await sh("ls -d /proc/[0-9]* | wc -l"))).toBeLessThan(12);
      expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
      expect(await sh(alive, sibling)).toBe("alive");
      expect(await sh(`ls -d /proc/${process.pid} /proc/${sandboxd.pid} 2>&1 | grep -c 'No such file'`)).toBe("2");
    } finally {
      bystander.kill("SIGKILL");
      await sandboxd.backend.destroy("sesn_sibling");
    }
  });

  it("S16 can fail: a process of the same sandbox is reached by the same means", async () => {
    expect(await sh("sleep 1000 & perl -e 'print -e \"/proc/$ARGV[0]\", kill(9, $ARGV[0])' $!")).toMatch(/^11/);
  });

  it("S17: a sandbox that kills everything in it ends cleanly: no process, no zombie, an empty cgroup", async () => {
    const before = new Set(sandboxProcesses(sandboxd.dataDir).map((one) => one.pid));
    const victim = await sandboxd.backend.create("sesn_suicide", TEST_SPEC);
    await sh("sleep 1000 & setsid sleep 1000 & true", victim);
    const own = sandboxProcesses(sandboxd.dataDir).filter((one) => !before.has(one.pid));
    const uid = isRoot ? own[0]?.uid : undefined;
    const cgroups = isRoot ? cgroupsOf(own[0]?.pid ?? 0) : [];
    if (uid !== undefined) {
      expect(remainsOf(uid).length).toBeGreaterThan(4);
      for (const file of cgroups) expect(readFileSync(file, "utf8"), file).not.toBe("");
    }
    await expect(
      victim.runOperation("kill", { kind: "bash", command: "kill -9 -1; kill -9 $PPID; sleep 1000" }),
    ).rejects.toMatchObject({ code: "sandbox_gone" });
    await until(async () => {
      const info = (await sandboxd.backend.list()).find((one) => one.name === "sesn_suicide");
      return info?.state === "hibernated";
    });
    if (uid !== undefined)
      await until(() => remainsOf(uid).length === 0, { describe: () => JSON.stringify(remainsOf(uid)) });
    await until(() => zombiesOf(sandboxd.pid).length === 0, { describe: () => `zombies ${zombiesOf(sandboxd.pid)}` });
    for (const file of cgroups) await until(() => !existsSync(file) || readFileSync(file, "utf8") === "");
    const woken = await sandboxd.backend.create("sesn_suicide", TEST_SPEC);
    const result = await woken.runOperation("kill", { kind: "bash", command: "kill -9 -1; kill -9 $PPID; sleep 1000" });
    expect(result.outcome).toBe("unknown");
    await sandboxd.backend.destroy("sesn_suicide");
  });

  it.runIf(isRoot).each(["hibernate", "destroy"] as const)("S18: daemons do not survive %s", async (end) => {
    const host = await sandboxd.backend.create("sesn_daemon", TEST_SPEC);
    const before = new Set(sandboxProcesses(sandboxd.dataDir).map((one) => one.pid));
    await sh("for i in 1 2 3; do (setsid sh -c '(while :; do setsid sleep 0.05; done) &' &) ; done; sleep 0.2", host);
    const daemons = sandboxProcesses(sandboxd.dataDir).filter((one) => !before.has(one.pid));
    const uid = daemons[0]?.uid;
    if (uid === undefined) throw new Error("the daemons did not start");
    const cgroups = cgroupsOf(daemons.find((one) => one.command.includes("while"))?.pid ?? 0);
    expect(cgroups.length).toBeGreaterThan(0);
    await sandboxd.backend[end]("sesn_daemon");
    // At once, and not after a while.
    expect(sandboxProcesses(sandboxd.dataDir).filter((one) => one.uid === uid)).toEqual([]);
    for (const file of cgroups) expect(existsSync(file) && readFileSync(file, "utf8") !== "", file).toBe(false);
    if (end === "destroy") expect((await sandboxd.backend.list()).map(({ name }) => name)).not.toContain("sesn_daemon");
    else await sandboxd.backend.destroy("sesn_daemon");
  });
});
