// Attacks on the host from inside a sandbox (S1–S19), one test each, against the real launcher.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
      wrapper: ["/bin/bash", "-c", `exec 251<${canaryFile}; exec "$@"`, "start"],
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
    expect(await sh("unshare --user true 2>&1; unshare --mount true 2>&1; nsenter -t 1 -m true 2>&1")).not.toBe("");
    expect((await sandbox.runOperation("unshare", { kind: "bash", command: "unshare -U true" })).outcome).toBe(
      "failed",
    );
  });

  it("S6, S7 can fail: without the filter the same probe gets through", () => {
    const output = execFileSync(
      "bwrap",
      ["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--", "/bin/sh", "-c", syscallProbe()],
      { encoding: "utf8" },
    );
    const passed = output.split("\n").filter((line) => line !== "" && !line.endsWith(" 1"));
    expect(passed.length).toBeGreaterThan(10);
  });

  it("S8: the host's keyrings can't be reached", async () => {
    expect(await sh(`perl -e 'syscall(${process.arch === "arm64" ? 219 : 250}, 0, -3, 0); print $!+0'`)).toBe("1");
    const keys = await sh("cat /proc/keys 2>/dev/null | grep -v _ses | grep -v _uid; true");
    expect(keys).toBe("");
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

  it("S16: processes outside can neither be seen nor signalled", async () => {
    const visible = Number(await sh("ls -d /proc/[0-9]* | wc -l"));
    expect(visible).toBeLessThan(12);
    const reached = await sh(
      `for p in $(seq 1 70000 | grep -x ${process.pid}) ${process.pid} ${sandboxd.pid}; do kill -0 $p 2>/dev/null && ls -l /proc/$p/exe; done; echo end`,
    );
    expect(reached).toBe("end");
  });

  it("S17: a sandbox that kills everything in it ends cleanly", async () => {
    const victim = await sandboxd.backend.create("sesn_suicide", TEST_SPEC);
    await expect(
      victim.runOperation("kill", { kind: "bash", command: "kill -9 -1; kill -9 $PPID; sleep 1000" }),
    ).rejects.toMatchObject({ code: "sandbox_gone" });
    await until(async () => {
      const info = (await sandboxd.backend.list()).find((one) => one.name === "sesn_suicide");
      return info?.state === "hibernated";
    });
    const woken = await sandboxd.backend.create("sesn_suicide", TEST_SPEC);
    const result = await woken.runOperation("kill", { kind: "bash", command: "kill -9 -1; kill -9 $PPID; sleep 1000" });
    expect(result.outcome).toBe("unknown");
    await sandboxd.backend.destroy("sesn_suicide");
  });

  it.runIf(isRoot)("S18: daemons do not survive the end of their sandbox", async () => {
    const host = await sandboxd.backend.create("sesn_daemon", TEST_SPEC);
    const before = new Set(sandboxProcesses(sandboxd.dataDir).map((one) => one.pid));
    await sh("for i in 1 2 3; do (setsid sh -c '(while :; do setsid sleep 0.05; done) &' &) ; done; sleep 0.2", host);
    const uid = sandboxProcesses(sandboxd.dataDir).find((one) => !before.has(one.pid))?.uid;
    expect(uid).toBeDefined();
    await sandboxd.backend.hibernate("sesn_daemon");
    expect(sandboxProcesses(sandboxd.dataDir).filter((one) => one.uid === uid)).toEqual([]);
    await sandboxd.backend.destroy("sesn_daemon");
  });
});
