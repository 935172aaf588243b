// The local backend against the real launcher: the conformance suite, and what is its own.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  sandboxesMissing,
  sandboxProcesses,
  startTestSandboxd,
  TEST_LIMITS,
  TEST_SPEC,
  type TestSandboxd,
} from "../../../test/support/local-sandboxd.ts";
import { until } from "../../../test/support/until.ts";
import { describeBackend } from "../conformance.ts";
import { createLocalBackend } from "./local.ts";

const missing = sandboxesMissing();
const isRoot = process.getuid?.() === 0;

describe.skipIf(missing)("local", () => {
  let sandboxd: TestSandboxd;
  beforeAll(async () => {
    sandboxd = await startTestSandboxd();
  });
  afterAll(async () => {
    await sandboxd[Symbol.asyncDispose]();
  });
  describeBackend("local", () => ({ backend: sandboxd.backend, spec: TEST_SPEC }));
});

describe.skipIf(missing)("sandboxd", () => {
  it("hands out a warm sandbox at once, blank and with its own identity, and warms another", async () => {
    await using sandboxd = await startTestSandboxd({ warm: 2 });
    const { backend } = sandboxd;
    const blanks = () => readdirSync(join(sandboxd.dataDir, "sandboxes")).filter((name) => name.startsWith(".blank-"));
    await until(() => blanks().length === 2);
    const [one, two] = await Promise.all([
      backend.create("one", { ...TEST_SPEC, env: { NAME: "first" } }),
      backend.create("two", TEST_SPEC),
    ]);
    expect(one.identity).not.toBe(two.identity);
    const first = await one.runOperation("a", { kind: "bash", command: "echo $NAME; ls -A /workspace" });
    expect(first.content).toBe("first");
    await until(() => blanks().length === 2);
    expect((await backend.list()).map((info) => info.name).sort()).toEqual(["one", "two"]);
  });

  it("raises and lowers the limits of warm and of running sandboxes, and none is left behind", async () => {
    await using sandboxd = await startTestSandboxd({ warm: 1 });
    const { backend } = sandboxd;
    const disks = () => readdirSync(join(sandboxd.dataDir, "sandboxes"));
    await until(() => disks().some((name) => name.startsWith(".blank-")));
    for (const memoryMb of [512, 128, 1024]) {
      const sandbox = await backend.create("one", { ...TEST_SPEC, limits: { ...TEST_LIMITS, memoryMb } });
      const used = await sandbox.runOperation(`op_${memoryMb}`, {
        kind: "bash",
        command: "head -c 300m /dev/zero | tail | wc -c",
      });
      expect(used.content.includes("314572800"), `${memoryMb} MB: ${used.content}`).toBe(memoryMb > 300);
    }
    // Below what is in use: refused by the system, and no reason to fail a call.
    const held = await backend.create("one", TEST_SPEC);
    await held.runOperation("hold", {
      kind: "bash",
      command: "head -c 150m /dev/zero | tail | (sleep 1000) & sleep 1",
    });
    const tight = { ...TEST_SPEC, limits: { ...TEST_LIMITS, memoryMb: 32 } };
    const same = await backend.create("one", tight);
    expect((await same.runOperation("after", { kind: "bash", command: "echo alive" })).content).toBe("alive");
    expect(disks().filter((name) => name.startsWith(".blank-")).length).toBeLessThanOrEqual(1);
  });

  it("works with the fewest processes that the configuration takes", async () => {
    await using sandboxd = await startTestSandboxd({ limits: { ...TEST_LIMITS, pids: 32 } });
    expect(await sandboxd.backend.selfTest()).toMatchObject({ usable: true });
  });

  it("makes a hundred at once, all of them usable", async () => {
    await using sandboxd = await startTestSandboxd({ warm: 2 });
    const contents = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const sandbox = await sandboxd.backend.create(`many_${index}`, TEST_SPEC);
        return (await sandbox.runOperation("a", { kind: "bash", command: `echo ${index}` })).content;
      }),
    );
    expect(contents).toEqual(contents.map((_, index) => String(index)));
    await Promise.all(contents.map((_, index) => sandboxd.backend.destroy(`many_${index}`)));
  });

  it("ends everything at SIGTERM, and leaves disks only", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "berth-sandboxd-"));
    try {
      const sandboxd = await startTestSandboxd({ dataDir, warm: 1, keepData: true });
      const sandbox = await sandboxd.backend.create("kept", TEST_SPEC);
      await sandbox.runOperation("a", { kind: "bash", command: "setsid sleep 1000 & echo data > file" });
      await sandboxd.end("SIGTERM");
      await until(() => sandboxProcesses(dataDir).length === 0);
      expect(existsSync(sandboxd.socketPath)).toBe(false);
      expect(readdirSync(join(dataDir, "run", "sandboxes"))).toEqual([]);
      expect(readdirSync(join(dataDir, "sandboxes")).filter((name) => name !== ".templates")).toEqual(["kept"]);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it("killed with -9 leaves no process, and its successor has the files and the journal", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "berth-sandboxd-"));
    try {
      const first = await startTestSandboxd({ dataDir, warm: 1, keepData: true });
      const sandbox = await first.backend.create("kept", TEST_SPEC);
      const identity = sandbox.identity;
      await sandbox.runOperation("w", { kind: "bash", command: "echo data > file; setsid sleep 1000 & sync" });
      const cut = sandbox.runOperation("cut", { kind: "bash", command: "touch began; sleep 1000" });
      const rejected = expect(cut).rejects.toMatchObject({ code: "sandbox_gone" });
      await until(() => sandbox.readFile("began").then((bytes) => bytes !== null));
      await first.end("SIGKILL");
      await rejected;
      await using second = await startTestSandboxd({ dataDir });
      expect(sandboxProcesses(dataDir)).toEqual([]);
      expect(await second.backend.list()).toMatchObject([{ name: "kept", state: "hibernated", identity }]);
      const woken = await second.backend.create("kept", TEST_SPEC);
      expect(woken.identity).toBe(identity);
      expect(Buffer.from((await woken.readFile("file")) ?? []).toString()).toBe("data\n");
      const again = await woken.runOperation("cut", { kind: "bash", command: "touch began; sleep 1000" });
      expect(again.outcome).toBe("unknown");
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  it("refuses to serve a data directory that another one serves", async () => {
    await using first = await startTestSandboxd();
    await expect(startTestSandboxd({ dataDir: first.dataDir, keepData: true })).rejects.toThrow("already serves");
    expect((await first.backend.list()).length).toBe(0);
  });

  it("gives a runner up that does not answer any more, and wakes the disk with what is known", async () => {
    await using sandboxd = await startTestSandboxd();
    const runnerPatience = { everyMs: 100, timeoutMs: 500, misses: 2 };
    const backend = createLocalBackend({ socketPath: sandboxd.socketPath, runnerPatience });
    try {
      const sandbox = await backend.create("stuck", TEST_SPEC);
      const operation = { kind: "bash", command: "echo x >> count; kill -STOP -1; sleep 1000" } as const;
      await expect(sandbox.runOperation("stop", operation)).rejects.toMatchObject({ code: "sandbox_gone" });
      await expect(sandbox.cancelOperation("stop")).rejects.toMatchObject({ code: "sandbox_gone" });
      await sandbox.end();
      const woken = await backend.create("stuck", TEST_SPEC);
      expect(await woken.runOperation("stop", operation)).toMatchObject({ outcome: "unknown" });
      const count = await woken.runOperation("count", { kind: "bash", command: "wc -l < count" });
      expect(count.content).toBe("1");
      // A lively runner is let work for longer than a silent one is waited for.
      const long = await woken.runOperation("long", { kind: "bash", command: "sleep 3; echo done" });
      expect(long.content).toBe("done");
    } finally {
      await backend.close();
    }
  });

  it("ends one whose directory vanished under it, also when it is only asked for or put to sleep", async () => {
    await using sandboxd = await startTestSandboxd();
    const { backend, dataDir } = sandboxd;
    const vanish = () => rmSync(join(dataDir, "sandboxes", "lost"), { recursive: true });
    const first = await backend.create("lost", TEST_SPEC);
    await first.writeFile("/workspace/a", Buffer.from("a"));
    vanish();
    const second = await backend.create("lost", TEST_SPEC);
    expect(second.identity).not.toBe(first.identity);
    expect(await second.readFile("/workspace/a")).toBeNull();
    vanish();
    await backend.hibernate("lost");
    await expect(backend.open("lost")).rejects.toMatchObject({ code: "sandbox_gone" });
    // Of the two disks nothing is left running, or mounted.
    await until(() => sandboxProcesses(dataDir).length === 0);
  });

  it("opens its socket to its own user only", async () => {
    await using sandboxd = await startTestSandboxd();
    expect(statSync(sandboxd.socketPath).mode & 0o777).toBe(0o600);
  });

  it.runIf(isRoot)("works without root, and says what then does not hold", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "berth-sandboxd-"));
    try {
      execFileSync("chown", ["-R", "65534:65534", dataDir]);
      const wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
      await using sandboxd = await startTestSandboxd({ dataDir, wrapper });
      const test = await sandboxd.backend.selfTest();
      expect(test).toMatchObject({ usable: true });
      const failing = test.checks.filter((check) => !check.holds).map((check) => check.name);
      expect(failing).toEqual(expect.arrayContaining(["memory and processes", "disk"]));
      const sandbox = await sandboxd.backend.create("plain", TEST_SPEC);
      await sandbox.runOperation("a", { kind: "bash", command: "echo kept > file" });
      await sandboxd.backend.hibernate("plain");
      const woken = await sandboxd.backend.create("plain", TEST_SPEC);
      expect((await woken.runOperation("b", { kind: "bash", command: "cat file; ulimit -u" })).content).toBe(
        `kept\n${TEST_LIMITS.pids}`,
      );
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });
});
