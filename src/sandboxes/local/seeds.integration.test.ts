// A sandbox that begins with the files of another one: what comes along, what must not, and that the other one never notices.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  sandboxesMissing,
  startTestSandboxd,
  TEST_LIMITS,
  TEST_SPEC,
  type TestSandboxd,
} from "../../../test/support/local-sandboxd.ts";
import { until } from "../../../test/support/until.ts";
import type { Sandbox } from "../sandbox.ts";
import { findProgram } from "./host.ts";

const isRoot = process.getuid?.() === 0;
const MB = 1024 * 1024;
const SUMS = `(cd / && find workspace home -type f -printf '%p %m %s %T@\\n' -o -printf '%p %y %m %l\\n' | sort; find workspace home -type f -print0 | sort -z | xargs -0 sha256sum)`;

const onHost = (file: string, ...args: string[]) => execFileSync(file, args, { encoding: "utf8", stdio: "pipe" });
let counter = 0;
async function done(sandbox: Sandbox, command: string, id = `seed_${counter++}`): Promise<string> {
  const result = await sandbox.runOperation(id, { kind: "bash", command });
  expect(result.outcome, result.content).toBe("ok");
  return result.content;
}
const seededBy = (name: string, wantedBytes = 512 * MB) => ({ ...TEST_SPEC, seed: { name, wantedBytes } });

describe.skipIf(sandboxesMissing())("a sandbox that begins with another one's files", () => {
  let sandboxd: TestSandboxd;
  beforeAll(async () => {
    sandboxd = await startTestSandboxd();
  });
  afterAll(async () => {
    await sandboxd[Symbol.asyncDispose]();
  });
  const names = () => readdirSync(join(sandboxd.dataDir, "sandboxes"), { withFileTypes: true }).map(({ name }) => name);
  const unfinished = () => names().filter((name) => name.startsWith(".new-"));

  /** As root of a running one, too; else it sleeps. */
  async function source(name: string, command: string): Promise<Sandbox> {
    const sandbox = await sandboxd.backend.create(name, TEST_SPEC);
    await done(sandbox, command);
    if (!isRoot) await sandboxd.backend.hibernate(name);
    return sandbox;
  }

  it("has them all, as its own, and nothing of what the other one ran", async () => {
    const { backend } = sandboxd;
    const one = await backend.create("one", TEST_SPEC);
    const ledger = "echo ran >> ~/ledger; wc -l < ~/ledger";
    expect(await done(one, ledger, "same-id")).toBe("1");
    await done(one, "mkdir -p d/e; echo text > d/e/f; ln d/e/f twin; ln -s d link; chmod 640 twin");
    await done(
      one,
      "head -c 3000000 /dev/urandom > big; truncate -s 40M sparse; echo x >> sparse; yes | head -c 400000",
      "long",
    );
    const sums = await done(one, SUMS);
    if (!isRoot) await backend.hibernate("one");
    const two = await backend.create("two", seededBy("one"));
    expect(two.identity).not.toBe(one.identity);
    expect(await done(two, SUMS)).toBe(sums);
    expect(await done(two, "stat -c %b sparse; find /workspace ~ ! -uid $(id -u) | wc -l; ls /")).not.toContain(
      "lost+found",
    );
    // The same id is another operation here, also of one that never ended there.
    expect(await done(two, ledger, "same-id")).toBe("2");
    const outputs = await two.runOperation("read", { kind: "read", filePath: "/state/outputs/long.txt" });
    expect(outputs.outcome).toBe("failed");
    await done(two, "echo changed > d/e/f; rm big");
    const again = await backend.create("one", TEST_SPEC);
    expect(await done(again, SUMS)).toBe(sums);
    expect(await done(again, ledger, "same-id")).toBe("1");
    expect(unfinished()).toEqual([]);
  });

  it("has nothing that a restore would not see: pipes, sockets, and what is closed is opened", async () => {
    await source(
      "odd",
      "mkfifo pipe; mkdir closed; echo in > closed/f; echo own > hidden; chmod 0 closed hidden; echo h > ~/x",
    );
    // Without root what can't be read can't be copied, either.
    const fork = await sandboxd.backend.create("odd-fork", seededBy("odd"));
    if (!isRoot) return expect(await done(fork, "ls -A")).toBe("");
    expect(await done(fork, "ls -A; stat -c %a closed hidden; cat closed/f hidden ~/x")).toBe(
      ["closed", "hidden", "700", "400", "in", "own", "h"].join("\n"),
    );
  });

  it("begins blank when the tree is deeper than what a restore sees", async () => {
    await source("deep", "for i in $(seq 260); do mkdir d && cd d; done; echo x > /workspace/z");
    const fork = await sandboxd.backend.create("deep-fork", seededBy("deep"));
    if (isRoot) expect(await done(fork, "ls -A")).toBe("");
    expect(unfinished()).toEqual([]);
  });

  it("begins blank without the other one, with one of another size, and where little of much is wanted", async () => {
    const { backend } = sandboxd;
    await source("large", "head -c 80000000 /dev/urandom > f");
    expect(await done(await backend.create("gone-fork", seededBy("gone")), "ls -A")).toBe("");
    const smaller = { ...seededBy("large"), limits: { ...TEST_LIMITS, diskMb: 128 } };
    expect(await done(await backend.create("smaller", smaller), "ls -A")).toBe("");
    if (isRoot) expect(await done(await backend.create("few", seededBy("large", 1000)), "ls -A")).toBe("");
    expect(await done(await backend.create("whole", seededBy("large")), "ls -A")).toBe("f");
    await backend.destroy("large");
    expect(await done(await backend.open("whole"), "wc -c < f")).toBe("80000000");
  });

  it.skipIf(!isRoot)("never holds up one that writes all the time, and what comes of it is whole", async () => {
    const { backend } = sandboxd;
    const busy = await backend.create("busy", TEST_SPEC);
    await done(
      busy,
      "echo still > still; (while :; do echo line >> log; sync log; sleep 0.02; done) > /dev/null 2>&1 & sleep 1",
    );
    const fork = await backend.create("busy-fork", seededBy("busy"));
    expect(["", "log\nstill"]).toContain(await done(fork, "ls -A"));
    // Written to and checked: a torn file system would tell.
    await done(fork, "head -c 20000000 /dev/urandom > new && rm new && sync");
    const lines = Number(await done(busy, "wc -l < log"));
    await until(async () => Number(await done(busy, "wc -l < log")) > lines);
    await backend.hibernate("busy-fork");
    const image = join(sandboxd.dataDir, "sandboxes", "busy-fork", "disk.img");
    await until(() => !onHost("losetup", "-a").includes(image));
    onHost("e2fsck", "-fn", image);
  });
});

describe.skipIf(sandboxesMissing() || !isRoot)("a copied disk", () => {
  it("that sandboxd was killed over is no sandbox, and the next start removes it", async () => {
    const first = await startTestSandboxd({ keepData: true, limits: { ...TEST_LIMITS, diskMb: 512 } });
    const { dataDir } = first;
    const spec = { ...TEST_SPEC, limits: { ...TEST_LIMITS, diskMb: 512 } };
    const disks = () => readdirSync(join(dataDir, "sandboxes")).filter((name) => name.startsWith(".new-"));
    await done(await first.backend.create("one", spec), "yes | head -c 200000000 > f; sync --file-system f");
    const seed = { name: "one", wantedBytes: 200 * MB };
    const creating = first.backend.create("two", { ...spec, seed }).then(
      () => "made",
      () => "cut off",
    );
    await until(() => disks().some((name) => existsSync(join(dataDir, "sandboxes", name, "disk.img"))), {
      intervalMs: 1,
    });
    await first.end("SIGKILL");
    expect(await creating).toBe("cut off");
    expect(disks()).toHaveLength(1);
    await using second = await startTestSandboxd({ dataDir, limits: { ...TEST_LIMITS, diskMb: 512 } });
    expect(disks()).toEqual([]);
    expect((await second.backend.list()).map(({ name }) => name)).toEqual(["one"]);
    expect(await done(await second.backend.create("two", { ...spec, seed }), "wc -c < f")).toBe("200000000");
  });

  it("without root is one of a sandbox that sleeps, with files only", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "berth-sandboxd-"));
    try {
      onHost("chown", "-R", "65534:65534", dataDir);
      const wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"];
      await using sandboxd = await startTestSandboxd({ dataDir, wrapper });
      const { backend } = sandboxd;
      const one = await backend.create("one", TEST_SPEC);
      await done(
        one,
        "mkdir d; echo x > d/f; ln d/f twin; ln -s /etc/passwd out; mkfifo pipe; echo h > ~/h",
        "same-id",
      );
      const awake = await backend.create("awake", seededBy("one"));
      expect(await done(awake, "ls -A")).toBe("");
      await done(one, "rm pipe");
      const sums = await done(one, SUMS);
      await done(one, "mkfifo pipe");
      await backend.hibernate("one");
      const two = await backend.create("two", seededBy("one"));
      expect(await done(two, SUMS, "same-id")).toBe(sums);
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  });

  for (const [kind, program, minMb] of [
    ["btrfs", "mkfs.btrfs", 512],
    ["xfs", "mkfs.xfs", 512],
  ] as const) {
    const missing = fileSystemMissing(kind, program);
    it.skipIf(missing)(`on ${kind} shares what is the same with the other one, though that one writes`, async () => {
      const place = mkdtempSync(join(tmpdir(), `berth-${kind}-`));
      const mounted = join(place, "mounted");
      mkdirSync(mounted);
      writeFileSync(join(place, "image"), "");
      onHost("truncate", "-s", `${minMb}M`, join(place, "image"));
      onHost(program, "-q", join(place, "image"));
      onHost("mount", "-o", "loop", join(place, "image"), mounted);
      try {
        await using sandboxd = await startTestSandboxd({ dataDir: mounted, keepData: true });
        const { backend } = sandboxd;
        const one = await backend.create("one", TEST_SPEC);
        await done(
          one,
          "head -c 20000000 /dev/urandom > f; sync --file-system f; (while :; do echo line >> log; sync log; sleep 0.02; done) > /dev/null 2>&1 &",
        );
        const sum = await done(one, "sha256sum f");
        const two = await backend.create("two", seededBy("one"));
        expect(await done(two, "sha256sum f")).toBe(sum);
        expect(await done(two, "ls -A")).toBe("f\nlog");
        const image = join(mounted, "sandboxes", "two", "disk.img");
        expect(onHost("filefrag", "-v", image)).toContain("shared");
        await done(two, "rm f; head -c 1000000 /dev/urandom > g; sync");
        expect(await done(one, "sha256sum f")).toBe(sum);
      } finally {
        onHost("umount", "--lazy", mounted);
        rmSync(place, { recursive: true });
      }
    });
  }
});

/** With root a kernel makes room for a file system module by itself, once one is mounted. */
function fileSystemMissing(kind: string, program: string): boolean {
  const kernelHasIt = readFileSync("/proc/filesystems", "utf8").includes(`\t${kind}\n`);
  if (findProgram(program) && kernelHasIt) return false;
  if (kernelHasIt && process.env.REQUIRE_SANDBOX === "1") throw new Error(`REQUIRE_SANDBOX=1, but no ${program}`);
  console.warn(`SKIPPED: sharing disks on ${kind} is not tested, this machine can't make one`);
  return true;
}
