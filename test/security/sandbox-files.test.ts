// Attacks through file names and odd files (F1–F3): the platform's file access stays inside and never hangs.
import { buffer } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Sandbox } from "../../src/sandboxes/sandbox.ts";
import { sandboxesMissing, startTestSandboxd, TEST_SPEC, type TestSandboxd } from "../support/local-sandboxd.ts";

const missing = sandboxesMissing();
/** In every passwd, the sandbox's own and the host's. */
const OUTSIDE = "root:x:0:0";
/** A system call for which perl has no name: two names change places in one step. */
const RENAMEAT2 = { x64: 316, arm64: 276 }[process.arch as string];
const EXCHANGE = 2;
/** What a path is told that leads outside, or never to the same place. */
const REFUSED = /is outside the session's working directory|is replaced all the time/;

describe.skipIf(missing)("files", () => {
  let sandboxd: TestSandboxd;
  let sandbox: Sandbox;
  let counter = 0;
  const op = (operation: Parameters<Sandbox["runOperation"]>[1]) => sandbox.runOperation(`op${counter++}`, operation);
  const sh = (command: string) => op({ kind: "bash", command });
  const refused = { code: "invalid_request" };
  beforeAll(async () => {
    sandboxd = await startTestSandboxd();
    sandbox = await sandboxd.backend.create("files", TEST_SPEC);
  });
  afterAll(async () => {
    await sandboxd[Symbol.asyncDispose]();
  });

  it("F1: paths that lead outside are refused, whatever their spelling", async () => {
    for (const path of [
      "../etc/passwd",
      "/workspace/../etc/passwd",
      "a/../../etc/passwd",
      "//etc/passwd",
      "/etc/passwd",
      "/proc/1/environ",
      "/workspace\0/../etc/passwd",
      "passwd\0.txt",
      "/home/agent/../../etc/passwd",
      "/home/agents",
      "/workspace-other/x",
      "",
    ]) {
      await expect(sandbox.readFile(path), path).rejects.toMatchObject(refused);
      await expect(sandbox.writeFile(path, Buffer.from("x")), path).rejects.toMatchObject(refused);
      await expect(sandbox.listDirectory(path), path).rejects.toMatchObject(refused);
    }
    // Spellings that mean something elsewhere are plain names here: there is no such file.
    for (const path of [
      "..%2fetc%2fpasswd",
      "%2e%2e/etc/passwd",
      "..\\etc\\passwd",
      "\u002e\u002e\u2215etc",
      "\xc0\xae\xc0\xae/etc/passwd",
    ]) {
      expect(await sandbox.readFile(path), path).toBeNull();
    }
    for (const filePath of ["/etc/passwd", "../etc/passwd", "/proc/self/environ"]) {
      const result = await op({ kind: "read", filePath });
      expect(result).toMatchObject({
        outcome: "failed",
        content: expect.stringContaining("is outside the session's working directory"),
      });
    }
  });

  it("F2: links that lead outside are refused, also when they are swapped in meanwhile", async () => {
    await sh(
      "ln -s /etc/passwd file; ln -s /proc/self/root/etc dir; ln -s loop loop; ln -s /etc/nothing dangling; mkdir real; echo fine > real/passwd",
    );
    for (const path of ["file", "dir/passwd", "loop", "dangling"]) {
      await expect(sandbox.readFile(path), path).rejects.toMatchObject(refused);
      await expect(sandbox.writeFile(path, Buffer.from("x")), path).rejects.toMatchObject(refused);
      expect((await op({ kind: "write", filePath: path, content: "x" })).outcome, path).toBe("failed");
      expect((await op({ kind: "read", filePath: path })).outcome, path).toBe("failed");
    }
    expect((await op({ kind: "glob", pattern: "dir/*" })).content).toBe("no matches");
    await sh(
      "(while :; do ln -sfn /etc/passwd swap; ln -sfn real/passwd swap; done) 2>/dev/null & (while :; do ln -sfn /etc sdir; ln -sfn real sdir; done) 2>/dev/null & sleep 0.1",
    );
    let fine = 0;
    for (let attempt = 0; attempt < 150; attempt++) {
      for (const path of ["swap", "sdir/passwd"]) {
        const seen = await sandbox.readFile(path).catch(() => null);
        const content = seen === null ? "" : Buffer.from(seen).toString();
        expect(content).not.toContain(OUTSIDE);
        if (content === "fine\n") fine += 1;
      }
    }
    expect(fine).toBeGreaterThan(0);
    await op({ kind: "bash", restart: true });
  });

  describe("F2: a directory that is swapped for a link by renames", () => {
    /** `name` is a directory at one moment, at the next a link to `outside`: the other one is `name.other`. It is never missing. */
    const swapping = (name: string, outside: string) =>
      sh(
        `ln -s ${outside} ${name}.other; perl -e 'my ($n, $o) = @ARGV; while (1) { syscall(${RENAMEAT2}, -100, $n, -100, $o, ${EXCHANGE}) and die $! }' ${name} ${name}.other & sleep 0.1`,
      );
    let refusals = 0;
    /** Null when it was refused. */
    const unlessRefused = async <T>(work: Promise<T>): Promise<T | null> => {
      try {
        return await work;
      } catch (error) {
        expect(error).toMatchObject({ ...refused, message: expect.stringMatching(REFUSED) });
        refusals += 1;
        return null;
      }
    };
    const unlessFailed = async (operation: Parameters<typeof op>[0]) => {
      const { outcome, content } = await op(operation);
      if (outcome === "ok") return content;
      expect(content).toMatch(REFUSED);
      refusals += 1;
      return null;
    };
    beforeEach(() => {
      refusals = 0;
    });
    afterEach(async () => {
      await op({ kind: "bash", restart: true });
    });

    it.each([
      ["a file in it", "/etc", "."],
      ["one in a directory in it", "/", "etc"],
    ])("does not lead reading of %s outside", async (_what, outside, below) => {
      const name = `r${counter}`;
      const path = `${name}/${below}`;
      await sh(`mkdir -p ${name}/${below}; echo fine > ${path}/passwd`);
      await swapping(name, outside);
      const seen = new Set<string>();
      for (let attempt = 0; attempt < 300; attempt++) {
        const file = await unlessRefused(sandbox.readFile(`${path}/passwd`));
        if (file) seen.add(Buffer.from(file).toString());
        seen.add((await unlessFailed({ kind: "read", filePath: `${path}/passwd` })) ?? "fine\n");
        const entries = await unlessRefused(sandbox.listDirectory(path));
        if (entries) seen.add(entries.map((entry) => entry.name).join());
      }
      expect([...seen].sort()).toEqual(["fine\n", "passwd"]);
      expect(refusals).toBeGreaterThan(0);
    });

    it.each([
      ["at a directory that was swapped", ""],
      ["above it", "above"],
    ])("does not lead a search %s outside", async (_what, above) => {
      const path = `s${counter}/${above}`;
      const name = above ? `${path}/swapped` : path.slice(0, -1);
      await sh(`mkdir -p ${name}; echo fine > ${name}/passwd`);
      await swapping(name, "/etc");
      const said = new Set<string>();
      const search = async (operation: Parameters<typeof op>[0]) => {
        // The directory has the other name at every second moment.
        for (const line of (await op(operation)).content.split("\n"))
          said.add(line.replace(`${name}.other/`, `${name}/`));
      };
      for (let attempt = 0; attempt < 40; attempt++) {
        await search({ kind: "grep", pattern: `^fine$|${OUTSIDE}`, path });
        await search({ kind: "glob", pattern: "**/*", path });
      }
      const nothing = new RegExp(`${REFUSED.source}|^$|^no matches$|could be read, and the rest has no match$`);
      const file = `/workspace/${name}/passwd`;
      expect([...said].filter((line) => !nothing.test(line)).sort()).toEqual([file, `${file}:1:fine`]);
    });

    it("does not lead an archive outside", async () => {
      await sh("mkdir -p kept/a; echo fine > kept/a/passwd; echo beside > kept/beside");
      await swapping("kept/a", "/etc");
      for (let attempt = 0; attempt < 20; attempt++) {
        const archive = (await buffer(await sandbox.archive())).toString("latin1");
        expect(archive).not.toContain(OUTSIDE);
        // It is whole, and has what was not swapped.
        expect(archive).toContain("workspace/kept/beside");
      }
    });

    it.each([
      ["into it", "."],
      ["into a directory in it", "deep"],
    ])("does not lead writing %s outside, and what is said to be written is there", async (_what, below) => {
      const name = `w${counter}`;
      const path = `${name}/${below}`;
      const outside = `/dev/shm/${name}`;
      await sh(`for d in ${outside} ${name}; do mkdir -p $d/${below}; echo -n fine > $d/${below}/edited; done`);
      await swapping(name, outside);
      const written: string[] = ["edited"];
      for (let attempt = 0; attempt < 150; attempt++) {
        const [put, tool, made] = [`put${attempt}`, `tool${attempt}`, `made${attempt}`];
        const write = (filePath: string) =>
          unlessFailed({ kind: "write", filePath: `${path}/${filePath}`, content: "x" });
        const uploaded = sandbox.writeFile(`${path}/${put}`, Buffer.from("x")).then(() => true);
        if (await unlessRefused(uploaded)) written.push(put);
        if (await write(tool)) written.push(tool);
        if (await write(`${made}/x`)) written.push(made);
        await unlessFailed({ kind: "edit", filePath: `${path}/edited`, oldString: "fine", newString: "fine" });
      }
      expect(refusals).toBeGreaterThan(0);
      expect(written.length).toBeGreaterThan(1);
      await op({ kind: "bash", restart: true });
      expect((await sh(`ls -A ${outside}/${below}`)).content).toBe("edited");
      const there = (await sh(`for d in ${name} ${name}.other; do [ -L $d ] || ls -A $d/${below}; done`)).content;
      expect(there.split("\n").sort()).toEqual(written.sort());
    });
  });

  it("F3: what is no regular file is refused at once", async () => {
    await sh(
      `rm -rf odd; mkdir odd; cd odd; mkfifo fifo; perl -e 'use Socket; socket(S,1,1,0); bind(S, pack_sockaddr_un("sock"))'; ln -s /dev/zero zero; ln -s /dev/null null; cd ..`,
    );
    for (const path of ["odd/fifo", "odd/sock", "odd/zero", "odd/null", "odd"]) {
      await expect(sandbox.readFile(path), path).rejects.toMatchObject(refused);
      const odd = {
        outcome: "failed",
        content: expect.stringMatching(/is (not a regular file|a directory|outside the session's)/),
      };
      expect(await op({ kind: "read", filePath: path }), path).toMatchObject(odd);
      expect(await op({ kind: "edit", filePath: path, oldString: "a", newString: "b" }), path).toMatchObject(odd);
    }
    expect((await op({ kind: "grep", pattern: "x", path: "odd" })).outcome).toBe("ok");
    for (const path of ["odd/fifo", "odd/sock"])
      expect((await op({ kind: "grep", pattern: "x", path })).content).toBe(
        `grep: ${path} is neither a directory nor a regular file`,
      );
    expect((await op({ kind: "read", filePath: "odd/fifo" })).content).toBe("read: odd/fifo is not a regular file");
    // A hard link to what is not the agent's own can't be made; one to its own file is a file.
    expect((await sh("ln /etc/passwd odd/hard 2>&1")).outcome).toBe("failed");
    await sh("echo own > odd/own; ln odd/own odd/hard2; truncate -s 100M odd/sparse");
    expect(Buffer.from((await sandbox.readFile("odd/hard2")) ?? []).toString()).toBe("own\n");
    expect((await op({ kind: "read", filePath: "odd/sparse" })).content).toContain("exceeds 262144-byte limit");
    const kinds = Object.fromEntries((await sandbox.listDirectory("odd")).map((entry) => [entry.name, entry.kind]));
    expect(kinds).toMatchObject({ fifo: "other", sock: "other", zero: "symlink", own: "file" });
  });
});
