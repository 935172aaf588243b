// Attacks on the host's resources from inside a sandbox (R1–R7): each stays within the sandbox's limits, and the sandbox stays usable.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OperationResult, Sandbox, SandboxLimits } from "../../src/sandboxes/sandbox.ts";
import {
  sandboxesMissing,
  sandboxProcesses,
  startTestSandboxd,
  TEST_LIMITS,
  type TestSandboxd,
} from "../support/local-sandboxd.ts";

const missing = sandboxesMissing();
const isRoot = process.getuid?.() === 0;
if (!isRoot) console.warn("SKIPPED: resource limits per sandbox hold for root only (cgroups, disk images)");

/** Half a processor, so that even one busy process is held back. */
const limits = { ...TEST_LIMITS, cpus: 0.5 };
const small = { ...TEST_LIMITS, diskMb: 64 };

describe.skipIf(missing || !isRoot)("resources", () => {
  let sandboxd: TestSandboxd;
  let counter = 0;
  beforeAll(async () => {
    sandboxd = await startTestSandboxd({ limits });
  });
  afterAll(async () => {
    await sandboxd[Symbol.asyncDispose]();
  });

  async function attacked(
    work: (sh: (command: string, timeoutMs?: number) => Promise<OperationResult>, sandbox: Sandbox) => Promise<void>,
    spec: { limits: SandboxLimits } = { limits },
  ) {
    const name = `victim_${counter++}`;
    const sandbox = await sandboxd.backend.create(name, { ...spec, env: {} });
    const sh = (command: string, timeoutMs = 20_000) =>
      sandbox.runOperation(`op${counter++}`, { kind: "bash", command, timeoutMs });
    try {
      await work(sh, sandbox);
      const still = await sandboxd.backend.create(name, { ...spec, env: {} });
      const usable = await still.runOperation(`op${counter++}`, { kind: "bash", command: "echo usable" });
      expect(usable.content).toBe("usable");
    } finally {
      await sandboxd.backend.destroy(name);
    }
    expect(sandboxProcesses(sandboxd.dataDir)).toEqual([]);
  }

  it("R1: a fork bomb is held at the process limit, and other sandboxes are served", () =>
    attacked(async (sh, sandbox) => {
      let goesOn = true;
      const bomb = sh(":(){ :|:& };:; sleep 1000", 8000).finally(() => {
        goesOn = false;
      });
      const other = await sandboxd.backend.create("neighbour", { limits, env: {} });
      expect((await other.runOperation("hello", { kind: "bash", command: "echo hello" })).content).toBe("hello");
      expect(goesOn).toBe(true);
      await sandboxd.backend.destroy("neighbour");
      expect(sandboxProcesses(sandboxd.dataDir).length).toBeLessThanOrEqual(limits.pids);
      expect((await bomb).content).toContain("timed out");
      // Its descendants still fill the limit; ending the sandbox ends them, and the disk is as before.
      await sandboxd.backend.hibernate(sandbox.name);
    }));

  it("R2: a process that takes too much memory is ended, the sandbox is not", () =>
    attacked(async (sh) => {
      const hog = await sh(`perl -e '$x = "x" x (600 * 1024 * 1024); print "got ", length $x'`);
      expect(hog).toMatchObject({ outcome: "failed", exitCode: 137 });
      expect(hog.content).not.toContain("got 6");
    }));

  it("R3: busy processes get no more than the processor limit", () =>
    attacked(async (sh) => {
      const spin = `perl -e '$e = time + 3; 1 while time < $e; ($u) = times; print "$u\\n"'`;
      const { content } = await sh(`for i in 1 2 3 4; do ${spin} & done; wait %1 %2 %3 %4`);
      const usedSeconds = content.split("\n").reduce((sum, line) => sum + Number(line), 0);
      expect(usedSeconds).toBeGreaterThan(0.2);
      // At most four seconds of wall clock at half a processor; unlimited it would be six and more.
      expect(usedSeconds).toBeLessThan(2.5);
    }));

  it("R3: while one sandbox burns all the processor it can get, others get their work done", () =>
    attacked(async (sh) => {
      const other = await sandboxd.backend.create("neighbour", { limits, env: {} });
      /** How long a fixed amount of work takes, as the neighbour sees it. */
      const work = async () => {
        const command = "perl -e '$x += $_ * 3 for 1 .. 4_000_000; print $x'";
        const { outcome, durationMs } = await other.runOperation(`work${counter++}`, { kind: "bash", command });
        expect(outcome).toBe("ok");
        return durationMs;
      };
      const median = (values: number[]) => values.toSorted((one, two) => one - two)[1] ?? 0;
      const [alone, beside]: [number[], number[]] = [[], []];
      // In turns, so that what else this machine does weighs on both alike.
      for (let round = 0; round < 3; round++) {
        alone.push(await work());
        await sh("for i in $(seq 40); do perl -e '1 while 1' & done");
        beside.push(await work());
        await sh("kill -9 $(jobs -p); wait 2>/dev/null; true");
      }
      // Forty busy processes on equal terms would leave it a fortieth.
      expect(median(beside) / median(alone)).toBeLessThan(4);
      await sandboxd.backend.destroy("neighbour");
    }));

  it("R4: filling disk, /tmp, /dev/shm or anything else ends in an error, not in the host's disk", () =>
    attacked(async (sh, sandbox) => {
      for (const [path, expected] of [
        ["/workspace/f", "No space left"],
        ["/tmp/f", "No space left"],
        ["/dev/shm/f", "No space left"],
        ["/run/f", "Read-only|Permission denied"],
        ["/dev/f", "Read-only|Permission denied"],
        ["/f", "Read-only|Permission denied"],
        ["/etc/f", "Read-only|Permission denied"],
      ] as const) {
        const { content } = await sh(`dd if=/dev/zero of=${path} bs=1M count=2000 2>&1; rm -f ${path}`);
        expect(content, path).toMatch(new RegExp(expected));
      }
      // With the disk full to the last block, commands still run and can clean up.
      await sh("cat /dev/zero > /workspace/full 2>/dev/null; cat /dev/zero > ~/full2 2>/dev/null");
      const write = await sandbox.runOperation("full", {
        kind: "write",
        filePath: "new",
        content: "x".repeat(2_000_000),
      });
      expect(write).toMatchObject({ outcome: "failed", content: "write: new: no space left on device" });
      expect((await sh("rm /workspace/full ~/full2 && echo freed")).content).toBe("freed");
      const after = await sandbox.runOperation("after", { kind: "write", filePath: "new", content: "x" });
      expect(after.outcome).toBe("ok");
      const image = statSync(join(sandboxd.dataDir, "sandboxes", sandbox.name, "disk.img"));
      expect(image.blocks * 512).toBeLessThanOrEqual(limits.diskMb * 1024 * 1024);
    }));

  it("R5: files without end run into the limit of files", () =>
    attacked(async (sh) => {
      const make = (directory: string) =>
        sh(
          `perl -e 'mkdir "${directory}"; for (1..400000) { open(my $f, ">", "${directory}/$_") or do { print "stopped at $_: $!"; exit } } print "made all"'`,
          60_000,
        );
      expect((await make("/workspace/many")).content).toMatch(/^stopped at \d+: No space left/);
      await sh("rm -rf /workspace/many", 60_000);
      const inTmp = await make("/tmp/many");
      expect(inTmp.content).toMatch(/^stopped at \d+: No space left/);
      await sh("rm -rf /tmp/many", 60_000);
    }));

  it("R6: a file can't claim to be larger than the disk, and holes don't swell an archive", () =>
    attacked(async (sh, sandbox) => {
      expect((await sh("truncate -s 1T big 2>&1")).content).toMatch(/File too large|File size limit exceeded/);
      await sh("for i in 1 2 3 4 5; do truncate -s 200M hole$i; done");
      let bytes = 0;
      for await (const piece of await sandbox.archive()) bytes += piece.length;
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(1024 * 1024);
    }));

  it("R6: an archive that would be larger than its cap is cut off with an error, and never more than the cap is sent", () =>
    attacked(
      async (sh, sandbox) => {
        // A name costs the disk its own length, and an archive some 2.5 kB: the two long names in headers of their own.
        const bomb = `perl -e 'my $long = "n" x 200; for my $in (1 .. 20) { mkdir $in; open(my $f, ">", "$in/$long") or die $!; close $f; link("$in/$long", "$in/$_-$long") or die $! for 1 .. 4_000 }'`;
        expect(await sh(bomb, 120_000)).toMatchObject({ outcome: "ok", content: "" });
        const cap = 2 * small.diskMb * 1024 * 1024;
        let bytes = 0;
        const read = async () => {
          for await (const piece of await sandbox.archive()) bytes += piece.length;
        };
        await expect(read()).rejects.toThrow();
        expect(bytes).toBeLessThanOrEqual(cap);
        expect(bytes).toBeGreaterThan(0.9 * cap);
        expect(await sh("rm -rf /workspace/*", 120_000)).toMatchObject({ outcome: "ok" });
        let after = 0;
        for await (const piece of await sandbox.archive()) after += piece.length;
        expect(after).toBeLessThan(1024 * 1024);
      },
      { limits: small },
    ));

  it("R7: a flood of output, a line of 100 MB and binary leave memory flat", () =>
    attacked(async (sh) => {
      const runner = () => sandboxProcesses(sandboxd.dataDir).find((one) => one.command.startsWith("runner"));
      const residentMb = (pid: number | string, field: string) =>
        Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
      const before = residentMb(process.pid, "VmRSS");
      const flood = await sh("yes | head -c 500M", 60_000);
      expect(flood.outcome).toBe("ok");
      expect(Buffer.byteLength(flood.content)).toBeLessThan(110 * 1024);
      expect(flood.content).toContain("output truncated");
      const line = await sh("head -c 100M /dev/zero | tr '\\0' x; echo; echo end", 60_000);
      expect(line.content).toMatch(/x\nend$/);
      const binary = await sh("head -c 3M /dev/urandom; printf '\\0\\0end'", 60_000);
      expect(binary.content).toMatch(/end$/);
      expect(binary.content).not.toContain("\0");
      expect(residentMb(runner()?.pid ?? 0, "VmHWM")).toBeLessThan(160);
      expect(residentMb(sandboxd.pid, "VmRSS")).toBeLessThan(200);
      expect(residentMb(process.pid, "VmRSS") - before).toBeLessThan(150);
      expect(readdirSync(join(sandboxd.dataDir, "sandboxes")).length).toBeLessThan(4);
    }));
});
