// What every backend must do about a sandbox's archive: all that can be read is in it, and what is not is named.
import { describe, expect, it } from "vitest";
import type { Sandbox } from "./sandbox.ts";

type WithSandbox = (work: (sandbox: Sandbox, name: string) => Promise<void>) => Promise<void>;

let counter = 0;
function run(sandbox: Sandbox, command: string) {
  return sandbox.runOperation(`archive_${process.pid}_${counter++}`, { kind: "bash", command });
}

async function archiveOf(sandbox: Sandbox): Promise<Buffer> {
  return Buffer.from(await new Response(await sandbox.archive()).arrayBuffer());
}

export function describeArchive(name: string, withSandbox: WithSandbox): void {
  describe(`archives: ${name}`, () => {
    it("archives workspace and home as a tar", () =>
      withSandbox(async (sandbox) => {
        await run(sandbox, "mkdir d; echo content > d/file; ln -s file d/link; mkfifo d/pipe; echo h > ~/.profile");
        const bytes = await archiveOf(sandbox);
        const names = tarNames(bytes);
        expect(names).toEqual(expect.arrayContaining(["workspace/d/file", "workspace/d/link", "home/.profile"]));
        expect(names).not.toContain("workspace/d/pipe");
        expect(contentIn(bytes, "left-out.txt")).toBe("/workspace/d/pipe: a named pipe\n");
        await run(sandbox, "rm d/pipe");
        expect(tarNames(await archiveOf(sandbox))).not.toContain("left-out.txt");
      }));

    it.each([
      ["an archive", async (sandbox: Sandbox) => tarNames(await archiveOf(sandbox))],
      ["a listing", async (sandbox: Sandbox) => (await sandbox.listDirectory("/workspace")).map((entry) => entry.name)],
      ["a file", async (sandbox: Sandbox) => ((await sandbox.readFile("/workspace/file")) ? ["file"] : [])],
    ])("gives %s of a workspace that the agent closed to itself", (_, look) =>
      withSandbox(async (sandbox) => {
        await run(sandbox, "echo content > file; chmod 0 /workspace ~");
        expect((await look(sandbox)).map((name) => name.replace("workspace/", ""))).toContain("file");
      }),
    );

    it("archives the rest beside what the agent closed to itself, and names that", () =>
      withSandbox(async (sandbox) => {
        await run(
          sandbox,
          "mkdir closed; echo a > closed/a; echo s > ~/secret; chmod 0 closed ~/secret; echo b > file",
        );
        const bytes = await archiveOf(sandbox);
        const names = tarNames(bytes);
        expect(names).toContain("workspace/file");
        expect(names).not.toContain("workspace/closed/a");
        expect(contentIn(bytes, "left-out.txt")?.split("\n")).toEqual([
          "/workspace/closed: no permission to read it",
          "/home/agent/secret: no permission to read it",
          "",
        ]);
        // Where there is no room for that list the files are there all the same.
        await run(sandbox, "chmod 0 /tmp");
        expect(tarNames(await archiveOf(sandbox))).toContain("workspace/file");
      }));
  });
}

type TarEntry = { name: string; content: string };

/** The entries of a tar without long names. */
function tarEntries(bytes: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  for (let at = 0; at + 512 <= bytes.length; ) {
    const header = bytes.subarray(at, at + 512);
    const name = header.subarray(0, 100).toString("utf8").replace(/\0.*$/s, "");
    if (name === "") break;
    const size = Number.parseInt(header.subarray(124, 136).toString("latin1"), 8) || 0;
    const type = header.subarray(156, 157).toString("latin1");
    const content = bytes.subarray(at + 512, at + 512 + size).toString("utf8");
    if (type !== "x" && type !== "g") entries.push({ name, content });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

const tarNames = (bytes: Buffer) => tarEntries(bytes).map(({ name }) => name);
const contentIn = (bytes: Buffer, path: string) => tarEntries(bytes).find(({ name }) => name === path)?.content;
