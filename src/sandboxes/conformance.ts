// What every sandbox backend must do. A new backend is done when this passes.
import { describe, expect, it } from "vitest";
import { until } from "../../test/support/until.ts";
import { describeArchive } from "./conformance-archive.ts";
import { describeChannels } from "./conformance-channels.ts";
import { describePorts } from "./conformance-ports.ts";
import { describeTree } from "./conformance-tree.ts";
import type { OutputChunk, Sandbox, SandboxBackend, SandboxSpec } from "./sandbox.ts";

export type BackendUnderTest = { backend: SandboxBackend; spec: SandboxSpec };

let counter = 0;
const unique = (prefix: string) => `${prefix}_${process.pid}_${counter++}`;

function run(sandbox: Sandbox, command: string, id = unique("op")) {
  return sandbox.runOperation(id, { kind: "bash", command });
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of stream) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Waits until a file in the sandbox exists, as a sign that a command has come to a certain point. */
function untilFile(sandbox: Sandbox, path: string): Promise<boolean> {
  return until(async () => (await sandbox.readFile(path)) !== null);
}

export function describeBackend(name: string, under: () => BackendUnderTest): void {
  /** A sandbox of its own for one test, removed at its end. */
  async function withSandbox(
    work: (sandbox: Sandbox, name: string) => Promise<void>,
    env: Record<string, string> = {},
  ): Promise<void> {
    const { backend, spec } = under();
    const sandboxName = unique("sesn");
    try {
      await work(await backend.create(sandboxName, { ...spec, env }), sandboxName);
    } finally {
      await backend.destroy(sandboxName);
    }
  }

  describe(`sandbox backend ${name}: life`, () => {
    it("returns the same sandbox when it is created twice, also at once", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        await run(sandbox, "echo kept > file");
        const [again, opened] = await Promise.all([backend.create(sandboxName, spec), backend.open(sandboxName)]);
        expect(again.identity).toBe(sandbox.identity);
        expect(opened.identity).toBe(sandbox.identity);
        expect((await run(again, "cat file")).content).toBe("kept");
        const racing = unique("sesn");
        const both = await Promise.all([backend.create(racing, spec), backend.create(racing, spec)]);
        await backend.destroy(racing);
        expect(both[0].identity).toBe(both[1].identity);
      }));

    it("keeps files and identity through hibernation, and no process", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        await run(sandbox, "echo here > /workspace/a; echo home > ~/b; sleep 1000 & echo started");
        await backend.hibernate(sandboxName);
        await expect(backend.open(sandboxName)).rejects.toMatchObject({ code: "sandbox_gone" });
        await expect(run(sandbox, "true")).rejects.toMatchObject({ code: "sandbox_gone" });
        const infos = await backend.list();
        expect(infos.find((info) => info.name === sandboxName)).toMatchObject({
          identity: sandbox.identity,
          state: "hibernated",
        });
        await backend.hibernate(sandboxName);
        const woken = await backend.create(sandboxName, spec);
        expect(woken.identity).toBe(sandbox.identity);
        const seen = await run(woken, "cat /workspace/a /home/agent/b; pgrep sleep || echo no sleep");
        expect(seen.content).toBe("here\nhome\nno sleep");
      }));

    it("wakes with all files after the agent closed its own directories to itself", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        await run(
          sandbox,
          "echo here > /workspace/a; echo home > ~/b; chmod 0 ~ /var/lib/berth; chmod 2055 /workspace",
        );
        await backend.hibernate(sandboxName);
        const woken = await backend.create(sandboxName, spec);
        expect(woken.identity).toBe(sandbox.identity);
        const seen = await run(woken, "cat /workspace/a /home/agent/b; stat -c %a /workspace ~");
        expect(seen.content).toBe("here\nhome\n2755\n700");
      }));

    it("set aside it has no process and keeps its disk and the time, until it is taken back or created", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        const info = async () => (await backend.list()).find((one) => one.name === sandboxName);
        await run(sandbox, "echo here > /workspace/a");
        expect(await info()).toMatchObject({ setAsideAt: null });
        const before = Date.now();
        await backend.setAside(sandboxName);
        await expect(backend.open(sandboxName)).rejects.toMatchObject({ code: "sandbox_gone" });
        const first = await info();
        expect(first).toMatchObject({ state: "hibernated", identity: sandbox.identity });
        expect(first?.setAsideAt).toBeGreaterThanOrEqual(before);
        await backend.setAside(sandboxName);
        expect((await info())?.setAsideAt).toBe(first?.setAsideAt);
        await backend.takeBack(sandboxName);
        expect(await info()).toMatchObject({ state: "hibernated", setAsideAt: null });
        await backend.setAside(sandboxName);
        const woken = await backend.create(sandboxName, spec);
        expect((await run(woken, "cat /workspace/a")).content).toBe("here");
        expect(await info()).toMatchObject({ state: "running", setAsideAt: null });
        await backend.hibernate(sandboxName);
        expect(await info()).toMatchObject({ setAsideAt: null });
        await backend.setAside(unique("sesn_absent"));
      }));

    it("is woken after all its processes were killed from inside, and knows that the killer ran", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        const id = unique("kill");
        const command = "echo ran >> count; kill -9 -1";
        await expect(run(sandbox, command, id)).rejects.toMatchObject({ code: "sandbox_gone" });
        // At once: the backend may not have noticed yet.
        await sandbox.end();
        const woken = await backend.create(sandboxName, spec);
        expect(await run(woken, command, id)).toMatchObject({ outcome: "unknown" });
        await expect(run(woken, "kill -9 -1")).rejects.toMatchObject({ code: "sandbox_gone" });
        const again = await backend.create(sandboxName, spec);
        expect((await run(again, "wc -l < count")).content).toBe("1");
      }));

    it("is ended by whoever holds it, and not once it was woken since", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        await sandbox.end();
        await expect(backend.open(sandboxName)).rejects.toMatchObject({ code: "sandbox_gone" });
        const woken = await backend.create(sandboxName, spec);
        await sandbox.end();
        expect((await run(woken, "echo alive")).content).toBe("alive");
      }));

    it("is gone with its disk when destroyed, and another one comes under the same name", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        await run(sandbox, "echo secret > file");
        await backend.destroy(sandboxName);
        await expect(backend.open(sandboxName)).rejects.toMatchObject({ code: "sandbox_gone" });
        expect((await backend.list()).map((info) => info.name)).not.toContain(sandboxName);
        await backend.destroy(sandboxName);
        const other = await backend.create(sandboxName, spec);
        expect(other.identity).not.toBe(sandbox.identity);
        expect(await other.readFile("file")).toBeNull();
      }));

    it("is in use while something that it started goes on in the background", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const lastUse = async () => (await under().backend.list()).find((one) => one.name === sandboxName)?.lastUsedAt;
        await run(sandbox, "true");
        const rested = await lastUse();
        expect(await lastUse()).toBe(rested);
        const started = await run(sandbox, "sleep 1000 > /dev/null 2>&1 & echo $!");
        const first = (await lastUse()) ?? 0;
        await until(async () => ((await lastUse()) ?? 0) > first);
        await run(sandbox, `kill ${started.content.trim()}; wait`);
        const ended = await lastUse();
        expect(await lastUse()).toBe(ended);
      }));

    it("lists running sandboxes with the time of their last use", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const before = Date.now();
        await run(sandbox, "true");
        const info = (await under().backend.list()).find((one) => one.name === sandboxName);
        expect(info).toMatchObject({ identity: sandbox.identity, state: "running" });
        expect(info?.lastUsedAt).toBeGreaterThanOrEqual(before);
        expect(info?.lastUsedAt).toBeLessThanOrEqual(Date.now());
        // A backend may not know; what it tells is more than a process needs to exist, and within the limit.
        if (info?.memoryBytes === null) return;
        expect(info?.memoryBytes).toBeGreaterThan(100_000);
        expect(info?.memoryBytes).toBeLessThanOrEqual(under().spec.limits.memoryMb * 1024 * 1024);
      }));

    it("gives processes the configured variables, and after waking the new ones", () =>
      withSandbox(
        async (sandbox, sandboxName) => {
          const { backend, spec } = under();
          expect((await run(sandbox, "echo $GREETING")).content).toBe("hello 'world'");
          await backend.hibernate(sandboxName);
          const woken = await backend.create(sandboxName, { ...spec, env: { GREETING: "again" } });
          expect((await run(woken, "echo $GREETING")).content).toBe("again");
        },
        { GREETING: "hello 'world'" },
      ));

    it("gives a running one what changed of the variables, and leaves what its commands did", () =>
      withSandbox(
        async (sandbox, sandboxName) => {
          const { backend, spec } = under();
          await run(sandbox, "cd /tmp; MINE=1; KEPT=mine; readonly FIXED=1");
          const env = { KEPT: "configured", ADDED: "a 'new' one", FIXED: "2" };
          const again = await backend.create(sandboxName, { ...spec, env });
          expect((await run(again, "pwd; echo $MINE $KEPT $ADDED $GONE.")).content).toBe("/tmp\n1 mine a 'new' one .");
        },
        { KEPT: "configured", GONE: "gone" },
      ));

    it("keeps two sandboxes apart", () =>
      withSandbox((one) =>
        withSandbox(async (two) => {
          await run(one, "echo mine > /workspace/x; echo mine > /tmp/x; sleep 1000 &");
          const seen = await run(two, "cat /workspace/x /tmp/x; pgrep sleep; echo end");
          expect(seen.content).not.toContain("mine");
          expect(seen.content).toMatch(/end$/);
        }),
      ));

    it("says in its self-test that it is usable", async () => {
      const test = await under().backend.selfTest();
      expect(test.checks.filter((check) => check.required && !check.holds)).toEqual([]);
      expect(test).toMatchObject({ usable: true, remedy: null });
    });
  });

  describe(`sandbox backend ${name}: operations`, () => {
    it("keeps directory, variables and background jobs from command to command", () =>
      withSandbox(async (sandbox) => {
        await run(sandbox, "mkdir deep; cd deep; sleep 1000 & Y=2");
        expect((await run(sandbox, "pwd; echo $Y; jobs | wc -l")).content).toBe("/workspace/deep\n2\n1");
        const restarted = await sandbox.runOperation(unique("op"), { kind: "bash", restart: true });
        expect(restarted.content).toBe("bash session restarted");
        expect((await run(sandbox, "pwd; echo [$Y]; pgrep sleep | wc -l")).content).toBe("/workspace\n[]\n0");
      }));

    it("reports a failing command as a result with its exit code", () =>
      withSandbox(async (sandbox) => {
        const failed = await run(sandbox, "echo out; echo err >&2; exit_with() { return 7; }; exit_with");
        expect(failed).toMatchObject({ outcome: "failed", exitCode: 7, content: "out\nerr" });
        expect(await run(sandbox, "false")).toMatchObject({ outcome: "failed", exitCode: 1, content: "exit 1" });
        expect((await run(sandbox, "echo 'open")).outcome).toBe("failed");
        expect((await run(sandbox, "exit 3")).content).toContain("bash session terminated");
        expect((await run(sandbox, "echo alive")).content).toBe("alive");
      }));

    it("ends a command at its timeout and goes on with a fresh shell", () =>
      withSandbox(async (sandbox) => {
        const operation = { kind: "bash", command: "echo first; sleep 1000", timeoutMs: 300 } as const;
        const result = await sandbox.runOperation(unique("op"), operation);
        expect(result.outcome).toBe("failed");
        expect(result.content).toBe("bash: bash command timed out after 300ms\nfirst");
        expect((await run(sandbox, "pgrep sleep | wc -l")).content).toBe("0");
      }));

    it("runs an operation once however often it is asked for, also after hibernation", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        const id = unique("once");
        const command = "echo x >> count; sleep 0.2; wc -l < count";
        const results = await Promise.all([run(sandbox, command, id), run(sandbox, command, id)]);
        expect(results.map((result) => result.content)).toEqual(["1", "1"]);
        expect(await run(sandbox, command, id)).toEqual(results[0]);
        await backend.hibernate(sandboxName);
        const woken = await backend.create(sandboxName, spec);
        expect(await run(woken, command, id)).toEqual(results[0]);
        expect((await run(woken, "wc -l < count")).content).toBe("1");
      }));

    it("answers unknown, and does not run again, what was cut off by the end of the sandbox", () =>
      withSandbox(async (sandbox, sandboxName) => {
        const { backend, spec } = under();
        const id = unique("cut");
        const command = "echo x >> count; touch began; sleep 1000";
        const cut = run(sandbox, command, id);
        const rejected = expect(cut).rejects.toMatchObject({ code: "sandbox_gone" });
        await untilFile(sandbox, "began");
        await backend.hibernate(sandboxName);
        await rejected;
        const woken = await backend.create(sandboxName, spec);
        const result = await run(woken, command, id);
        expect(result).toMatchObject({ outcome: "unknown" });
        expect(result.content).toContain("may have run");
        expect((await run(woken, "wc -l < count")).content).toBe("1");
      }));

    it("refuses an id that belongs to another operation", () =>
      withSandbox(async (sandbox) => {
        const id = unique("op");
        await run(sandbox, "echo one", id);
        await expect(run(sandbox, "echo two", id)).rejects.toMatchObject({ code: "invalid_request" });
      }));

    it("streams output while it comes, from any byte on", () =>
      withSandbox(async (sandbox) => {
        const id = unique("op");
        const command =
          "echo line ä 1; until [ -e go ]; do sleep 0.01; done; echo line 2; until [ -e end ]; do sleep 0.01; done; echo over";
        /** The bytes that one who follows has got. */
        function follow(outputFrom: number) {
          const heard: OutputChunk[] = [];
          const onOutput = (chunk: OutputChunk) => heard.push(chunk);
          const result = sandbox.runOperation(id, { kind: "bash", command }, { onOutput, outputFrom });
          const bytes = () => {
            let reached = outputFrom;
            for (const chunk of heard) {
              expect(chunk.offset).toBe(reached);
              reached += chunk.bytes.length;
            }
            return Buffer.concat(heard.map((chunk) => chunk.bytes)).toString();
          };
          return { result, bytes };
        }
        const first = follow(0);
        await until(() => first.bytes() === "line ä 1");
        const second = follow(7);
        await until(() => second.bytes() === " 1");
        await sandbox.writeFile("go", new Uint8Array());
        await until(() => first.bytes() === "line ä 1\nline 2" && second.bytes() === " 1\nline 2");
        await sandbox.writeFile("end", new Uint8Array());
        expect(await first.result).toMatchObject({ outcome: "ok", content: "line ä 1\nline 2\nover" });
        expect(await second.result).toEqual(await first.result);
      }));

    it("of a flood of output streams the beginning and the newest, a few times a second", () =>
      withSandbox(async (sandbox) => {
        const heard: OutputChunk[] = [];
        const command = "{ seq 1 1000000; until [ -e end ]; do echo tick; done; } ";
        const result = sandbox.runOperation(
          unique("op"),
          { kind: "bash", command },
          { onOutput: (chunk) => heard.push(chunk) },
        );
        await until(() => heard.length > 2);
        await sandbox.writeFile("end", new Uint8Array());
        const { durationMs } = await result;
        expect(Buffer.from(heard[0]?.bytes ?? []).toString()).toMatch(/^1\n2\n/);
        const reached = heard.at(-1);
        const streamed = heard.reduce((sum, chunk) => sum + chunk.bytes.length, 0);
        expect((reached?.offset ?? 0) + (reached?.bytes.length ?? 0)).toBeGreaterThan(streamed);
        expect(streamed).toBeLessThan(40_000 + 300 * durationMs);
      }));

    it("leaves out the middle of a long output and keeps the whole in a file", () =>
      withSandbox(async (sandbox) => {
        const result = await run(sandbox, "seq 1 100000");
        expect(Buffer.byteLength(result.content)).toBeLessThan(110 * 1024);
        expect(result.content).toMatch(/^1\n2\n/);
        expect(result.content).toMatch(/99999\n100000$/);
        expect(result.content).toContain("[output truncated: ");
        const lines = await run(sandbox, `wc -l < ${result.fullOutputPath}`);
        expect(lines.content).toBe("100000");
        const filePath = result.fullOutputPath ?? "";
        const part = await sandbox.runOperation(unique("op"), { kind: "read", filePath, viewRange: [50_000, 50_001] });
        expect(part.content).toBe("50000\n50001");
      }));

    it("cancels a running command; the shell starts anew", () =>
      withSandbox(async (sandbox) => {
        const id = unique("op");
        const running = run(sandbox, "touch began; sleep 1000", id);
        const queued = unique("queued");
        const waiting = run(sandbox, "echo never > never", queued);
        await untilFile(sandbox, "began");
        await sandbox.cancelOperation(queued);
        await sandbox.cancelOperation(id);
        expect(await running).toMatchObject({ outcome: "cancelled" });
        expect(await waiting).toMatchObject({ outcome: "cancelled" });
        await sandbox.cancelOperation(id);
        expect((await run(sandbox, "ls never; pgrep sleep | wc -l")).content).toContain("No such file");
      }));

    it("goes on with an operation whose caller stopped waiting", () =>
      withSandbox(async (sandbox) => {
        const id = unique("op");
        const operation = { kind: "bash", command: "touch began; sleep 0.3; echo finished" } as const;
        const waiting = new AbortController();
        const first = sandbox.runOperation(id, operation, { signal: waiting.signal });
        const stopped = expect(first).rejects.toThrow("enough");
        await untilFile(sandbox, "began");
        waiting.abort(new Error("enough"));
        await stopped;
        expect((await sandbox.runOperation(id, operation)).content).toBe("finished");
      }));

    it("reads, writes, edits and searches as the official toolset does", () =>
      withSandbox(async (sandbox) => {
        const op = (operation: Parameters<Sandbox["runOperation"]>[1]) => sandbox.runOperation(unique("op"), operation);
        const file = { filePath: "src/a.txt" };
        const wrote = await op({ kind: "write", ...file, content: "one\ntwo\ntwo\n" });
        expect(wrote).toMatchObject({ outcome: "ok", content: "wrote 12 bytes to src/a.txt" });
        expect((await op({ kind: "read", ...file, viewRange: [2, 2] })).content).toBe("two");
        const twice = await op({ kind: "edit", ...file, oldString: "two", newString: "2" });
        expect(twice).toMatchObject({
          outcome: "failed",
          content: "edit: old_string appears 2 times in src/a.txt (must be unique)",
        });
        const all = await op({ kind: "edit", ...file, oldString: "two", newString: "$&", replaceAll: true });
        expect(all.content).toBe("edited src/a.txt (2 replacement(s))");
        expect((await op({ kind: "read", ...file })).content).toBe("one\n$&\n$&\n");
        expect((await op({ kind: "glob", pattern: "**/*.txt" })).content).toBe("/workspace/src/a.txt");
        expect((await op({ kind: "grep", pattern: "^o" })).content.trim()).toBe("/workspace/src/a.txt:1:one");
        expect((await op({ kind: "grep", pattern: "absent" })).content).toBe("no matches");
        expect((await op({ kind: "read", filePath: "nope" })).content).toBe("read: nope: no such file or directory");
        const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
        await sandbox.writeFile("dot.png", Buffer.from(png, "base64"));
        const image = await op({ kind: "read", filePath: "dot.png" });
        expect(image.image).toEqual({ mediaType: "image/png", data: png });
      }));
  });

  describe(`sandbox backend ${name}: files`, () => {
    it("writes, reads and lists files, and answers null for a missing one", () =>
      withSandbox(async (sandbox) => {
        const bytes = Buffer.from([0, 255, 10, 13, 0, 128]);
        await sandbox.writeFile("/workspace/deep/er/data.bin", bytes);
        expect(Buffer.from((await sandbox.readFile("deep/er/data.bin")) ?? [])).toEqual(bytes);
        const opened = await sandbox.openFile("deep/er/data.bin");
        expect(opened?.sizeBytes).toBe(6);
        expect(opened && (await collect(opened.content))).toEqual(bytes);
        expect(await sandbox.openFile("missing")).toBeNull();
        await sandbox.writeFile("/home/agent/note", Buffer.from("n"));
        expect((await run(sandbox, "cat ~/note")).content).toBe("n");
        expect(await sandbox.readFile("missing")).toBeNull();
        expect(await sandbox.listDirectory("deep/er")).toEqual([
          { name: "data.bin", kind: "file", sizeBytes: 6, modifiedAt: expect.any(Number) },
        ]);
      }));

    it("refuses paths outside, and what is no regular file", () =>
      withSandbox(async (sandbox) => {
        await run(sandbox, "ln -s /etc/passwd link; mkfifo pipe; mkdir dir");
        for (const path of ["/etc/passwd", "../etc/passwd", "link", "pipe", "dir", "a\0b"]) {
          await expect(sandbox.readFile(path), path).rejects.toMatchObject({ code: "invalid_request" });
          await expect(sandbox.openFile(path), path).rejects.toMatchObject({ code: "invalid_request" });
        }
        await expect(sandbox.writeFile("/etc/x", Buffer.from(""))).rejects.toMatchObject({ code: "invalid_request" });
      }));
  });

  describeChannels(name, withSandbox);
  describePorts(name, withSandbox);
  describeTree(name, withSandbox);
  describeArchive(name, withSandbox);
}
