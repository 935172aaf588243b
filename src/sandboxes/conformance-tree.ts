// What every backend must do about a sandbox's tree: list it, read it while it changes, write it through no link, and hold it still.
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { Sandbox, TreeEntry, TreeHash, TreePart, TreeStat, TreeWritten } from "./sandbox.ts";

type WithSandbox = (work: (sandbox: Sandbox, name: string) => Promise<void>) => Promise<void>;
type Content = { bytes: Buffer; holeBytes: number; changed: boolean; settled: boolean; again: number; stat: TreeStat };

let counter = 0;
function run(sandbox: Sandbox, command: string) {
  return sandbox.runOperation(`tree_${process.pid}_${counter++}`, { kind: "bash", command });
}

async function done(sandbox: Sandbox, command: string): Promise<string> {
  const result = await run(sandbox, `set -e; (${command}\n)`);
  expect(result.outcome, result.content).toBe("ok");
  return result.content;
}

async function listed(sandbox: Sandbox): Promise<Map<string, TreeEntry>> {
  const entries: TreeEntry[] = [];
  for await (const entry of sandbox.listTree()) entries.push(entry);
  expect(new Set(entries.map((entry) => entry.path)).size).toBe(entries.length);
  return new Map(entries.map((entry) => [entry.path, entry]));
}

function statOf(entry: TreeEntry | undefined): TreeStat {
  if (!entry || entry.kind === "left_out") throw new Error(`not listed: ${JSON.stringify(entry)}`);
  return entry;
}

function pick({ mode, sizeBytes, allocatedBytes, mtimeNs, ctimeNs, inode, links }: TreeStat): TreeStat {
  return { mode, sizeBytes, allocatedBytes, mtimeNs, ctimeNs, inode, links };
}

async function contents(sandbox: Sandbox, paths: string[], onPiece = () => undefined as unknown) {
  const files = new Map<string, Content | string>();
  let path = "";
  let pieces: Buffer[] = [];
  let holeBytes = 0;
  let again = 0;
  let stat: TreeStat | null = null;
  for await (const part of sandbox.readTree(paths)) {
    if (part.type === "file") {
      ({ path } = part);
      stat = part;
      pieces = [];
      holeBytes = 0;
    } else if (part.type === "data") {
      pieces.push(Buffer.from(part.bytes));
      await onPiece();
    } else if (part.type === "hole") {
      pieces.push(Buffer.alloc(part.lengthBytes));
      holeBytes += part.lengthBytes;
    } else if (part.type === "again") again += 1;
    else if (part.type === "unreadable") files.set(part.path, part.why);
    else if (stat) {
      const { changed, settled } = part;
      files.set(path, { bytes: Buffer.concat(pieces), holeBytes, changed, settled, again, stat });
      again = 0;
    }
  }
  return files;
}

async function write(sandbox: Sandbox, parts: TreePart[]): Promise<TreeWritten[]> {
  async function* all() {
    yield* parts;
  }
  const written: TreeWritten[] = [];
  for await (const one of sandbox.writeTree(all())) written.push(one);
  return written;
}

const MTIME = "1600000000123456000";
const file = (path: string, text: string, mode = 0o644): TreePart[] => [
  { do: "file", path, mode, mtimeNs: MTIME },
  { do: "data", bytes: Buffer.from(text) },
  { do: "end" },
];
const problems = (written: TreeWritten[]) =>
  Object.fromEntries(written.flatMap(({ path, problem }) => (problem === null ? [] : [[path, problem]])));

export function describeTree(name: string, withSandbox: WithSandbox): void {
  describe(`sandbox backend ${name}: tree`, () => {
    it("lists files, directories and links of both places with all that they are, and says what can't be kept", () =>
      withSandbox(async (sandbox) => {
        await done(
          sandbox,
          `mkdir -p dir/deep; echo -n hello > dir/file; chmod 640 dir/file; touch -d @1600000000.123456789 dir/file
          ln dir/file dir/twin; ln -s /etc/passwd dir/out; ln -s nowhere "dir/a b"
          printf x > $'dir/raw\\xff\\nname'; mkfifo dir/pipe; mkdir closed; chmod 0 closed
          python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("dir/socket")' 2>/dev/null || true
          echo h > ~/.profile; chmod 2750 dir/deep`,
        );
        const tree = await listed(sandbox);
        expect(tree.get("workspace/dir/file")).toMatchObject({
          kind: "file",
          mode: 0o640,
          sizeBytes: 5,
          mtimeNs: "1600000000123456789",
          links: 2,
        });
        expect(statOf(tree.get("workspace/dir/twin")).inode).toBe(statOf(tree.get("workspace/dir/file")).inode);
        expect(tree.get("workspace/dir/out")).toMatchObject({ kind: "symlink", target: "/etc/passwd" });
        expect(tree.get("workspace/dir/a b")).toMatchObject({ kind: "symlink", target: "nowhere" });
        expect(tree.get("workspace/dir/raw\xff\nname")).toMatchObject({ kind: "file", sizeBytes: 1 });
        expect(tree.get("workspace/dir/deep")).toMatchObject({ kind: "directory", mode: 0o2750 });
        expect(tree.get("workspace/dir/pipe")).toEqual({
          kind: "left_out",
          path: "workspace/dir/pipe",
          why: "a named pipe",
        });
        expect(tree.get("workspace/closed")).toMatchObject({ kind: "left_out", why: "no permission to read it" });
        expect(tree.get("home/.profile")).toMatchObject({ kind: "file" });
        const order = [...tree.keys()];
        for (const path of order.filter((one) => one.includes("/") && tree.get(one)?.kind !== "left_out"))
          expect(order.indexOf(path.slice(0, path.lastIndexOf("/")))).toBeLessThan(order.indexOf(path));
      }));

    it("lists all that is in a root that the agent closed to itself", () =>
      withSandbox(async (sandbox) => {
        await done(sandbox, "echo x > file; echo h > ~/.profile; chmod 0 ~; chmod 2 /workspace");
        const tree = await listed(sandbox);
        expect(tree.get("workspace")).toMatchObject({ kind: "directory", mode: 0o702 });
        expect(tree.get("workspace/file")).toMatchObject({ kind: "file" });
        expect(tree.get("home/.profile")).toMatchObject({ kind: "file" });
      }));

    it("leaves out what is deeper than anybody needs, and goes on", () =>
      withSandbox(async (sandbox) => {
        await done(sandbox, "for i in $(seq 300); do mkdir d; cd d; done; cd /workspace; echo x > z");
        const tree = [...(await listed(sandbox)).values()];
        expect(tree.filter((entry) => entry.kind === "left_out")).toMatchObject([{ why: "it is too deep" }]);
        expect(tree.find((entry) => entry.path === "workspace/z")).toMatchObject({ kind: "file" });
      }));

    it("reads files of any content, large ones, and holes as holes", () =>
      withSandbox(async (sandbox) => {
        await done(
          sandbox,
          `head -c 3000000 /dev/urandom > big; printf '' > empty; printf a > one
          truncate -s 50M sparse; printf end | dd of=sparse bs=1 seek=20000000 conv=notrunc status=none
          ln -s one link; mkfifo pipe`,
        );
        const paths = ["big", "empty", "one", "sparse", "link", "pipe", "missing"].map((path) => `workspace/${path}`);
        const files = await contents(sandbox, paths);
        const big = files.get("workspace/big") as Content;
        const sum = createHash("sha256").update(big.bytes).digest("hex");
        expect(await done(sandbox, "sha256sum < big")).toBe(`${sum}  -`);
        expect(files.get("workspace/empty")).toMatchObject({ bytes: Buffer.alloc(0), changed: false });
        expect(files.get("workspace/one")).toMatchObject({ bytes: Buffer.from("a"), stat: { sizeBytes: 1 } });
        const sparse = files.get("workspace/sparse") as Content;
        expect(sparse.bytes.length).toBe(50 * 1024 * 1024);
        expect(sparse.bytes.subarray(20_000_000, 20_000_003).toString()).toBe("end");
        expect(sparse.holeBytes).toBeGreaterThan(49 * 1024 * 1024);
        expect(sparse.stat.allocatedBytes).toBeLessThan(1024 * 1024);
        for (const path of ["link", "pipe", "missing"]) expect(files.get(`workspace/${path}`)).toBeTypeOf("string");
      }));

    it("reads a file that changes again, and in the end says that it changed", () =>
      withSandbox(async (sandbox) => {
        await done(sandbox, "head -c 4000000 /dev/zero > once; head -c 8000000 /dev/zero > always; sleep 0.3");
        // The writer goes on for as long as it is read, so that every look at it sees another time.
        await done(sandbox, "(while :; do printf x >> always; done) > /dev/null 2>&1 &");
        let pieces = 0;
        const files = await contents(sandbox, ["workspace/once", "workspace/always"], async () => {
          if (pieces++ === 3) await sandbox.writeFile("/workspace/other", Buffer.from("x"));
        });
        expect(files.get("workspace/once")).toMatchObject({ changed: false, settled: true, again: 0 });
        expect(files.get("workspace/always")).toMatchObject({ changed: true, settled: false, again: 3 });
      }));

    it("writes files, directories, links and holes with modes and times, and replaces what was there", () =>
      withSandbox(async (sandbox) => {
        await done(
          sandbox,
          "mkdir -p old/dir; echo x > old/dir/f; ln -s /etc/passwd over; mkdir blocked; echo y > blocked/f",
        );
        const written = await write(sandbox, [
          { do: "remove", path: "workspace/old" },
          { do: "directory", path: "workspace/new" },
          ...file("workspace/new/file", "content", 0o751),
          ...file("workspace/new/raw\xfe", "raw"),
          ...file("workspace/over", "no link any more"),
          ...file("workspace/blocked", "a file now"),
          { do: "file", path: "workspace/new/sparse", mode: 0o4600, mtimeNs: MTIME },
          { do: "hole", lengthBytes: 10_000_000 },
          { do: "data", bytes: Buffer.from("tail") },
          { do: "hole", lengthBytes: 10_000_000 },
          { do: "end" },
          { do: "file", path: "workspace/new/never", mode: 0o600, mtimeNs: MTIME },
          { do: "data", bytes: Buffer.from("half of it") },
          { do: "abort" },
          { do: "symlink", path: "workspace/new/link", target: "../../etc", mtimeNs: MTIME },
          { do: "link", path: "workspace/new/twin", to: "workspace/new/file" },
          ...file("home/note", "n"),
          { do: "attributes", path: "workspace/new", mode: 0o700, mtimeNs: MTIME },
          { do: "attributes", path: "workspace", mode: 0o755, mtimeNs: MTIME },
        ]);
        expect(problems(written)).toEqual({});
        const tree = await listed(sandbox);
        expect([...tree.keys()].sort()).toEqual(
          [
            ...["home", "home/note", "workspace", "workspace/blocked", "workspace/new", "workspace/new/file"],
            ...["workspace/new/link", "workspace/new/raw\xfe", "workspace/new/sparse", "workspace/new/twin"],
            "workspace/over",
          ].sort(),
        );
        expect(tree.get("workspace/new/file")).toMatchObject({ mode: 0o751, links: 2 });
        expect(tree.get("workspace/new/link")).toMatchObject({ kind: "symlink", target: "../../etc" });
        expect(tree.get("workspace/new")).toMatchObject({ mode: 0o700 });
        for (const path of ["workspace", "workspace/new", "workspace/new/file", "workspace/new/link"]) {
          const off = BigInt(statOf(tree.get(path)).mtimeNs) - BigInt(MTIME);
          expect(off > -1000n && off < 1000n, `${path}: ${off} ns off`).toBe(true);
        }
        const sparse = statOf(tree.get("workspace/new/sparse"));
        expect(sparse).toMatchObject({ mode: 0o600, sizeBytes: 20_000_004 });
        expect(sparse.allocatedBytes).toBeLessThan(1024 * 1024);
        expect(written.find((one) => one.path === "workspace/new/sparse")?.stat).toEqual(
          expect.objectContaining({ inode: sparse.inode, ctimeNs: sparse.ctimeNs }),
        );
        expect(await done(sandbox, "cat new/file new/twin over blocked ~/note")).toBe(
          "contentcontentno link any morea file nown",
        );
      }));

    it("follows no link while it writes, names each part that can't be done, and does the others", () =>
      withSandbox(async (sandbox) => {
        await done(sandbox, "mkdir /tmp/outside; echo safe > /tmp/outside/f; ln -s /tmp/outside link; echo x > plain");
        const written = await write(sandbox, [
          ...file("workspace/link/f", "overwritten"),
          { do: "remove", path: "workspace/link/f" },
          { do: "attributes", path: "workspace/link", mode: 0o777, mtimeNs: MTIME },
          ...file("workspace/plain/below", "x"),
          { do: "link", path: "workspace/twin", to: "workspace/missing" },
          ...file("workspace/fine", "fine"),
        ]);
        expect(Object.keys(problems(written))).toEqual(
          ["workspace/link/f", "workspace/link/f", "workspace/link", "workspace/plain/below", "workspace/twin"].filter(
            (path, index, all) => all.indexOf(path) === index,
          ),
        );
        expect(written.filter((one) => one.problem !== null)).toHaveLength(5);
        expect(await done(sandbox, "cat /tmp/outside/f fine; ls -A /tmp/outside; stat -c %a /tmp/outside")).toBe(
          "safe\nfinef\n755",
        );
      }));

    it("reports a full disk for the files that did not fit, and leaves no half of one", () =>
      withSandbox(async (sandbox) => {
        await done(sandbox, "fallocate -l $(($(stat -f -c '%a*%S' .) - 20000000)) fill");
        const piece = Buffer.alloc(900_000, 7);
        const large: TreePart[] = [{ do: "file", path: "workspace/large", mode: 0o644, mtimeNs: MTIME }];
        for (let index = 0; index < 30; index++) large.push({ do: "data", bytes: piece });
        const written = await write(sandbox, [...large, { do: "end" }, ...file("workspace/small", "fits")]);
        expect(problems(written)).toEqual({ "workspace/large": "no space left on device" });
        expect(await done(sandbox, "ls -A; cat small")).toBe("fill\nsmall\nfits");
      }));

    it("hashes files in the order that they are asked for, and says of what is none", () =>
      withSandbox(async (sandbox) => {
        await done(
          sandbox,
          "echo -n hello > a; head -c 3000000 /dev/zero > b; truncate -s 5M c; mkfifo pipe; ln -s a link; echo x > closed; chmod 0 closed; : > none",
        );
        const paths = ["b", "a", "pipe", "gone", "c", "link", "closed", "none"].map((one) => `workspace/${one}`);
        const hashes: TreeHash[] = [];
        for await (const one of sandbox.hashTree(paths)) hashes.push(one);
        expect(hashes.map(({ path }) => path)).toEqual(paths);
        const sums = await done(sandbox, "sha256sum b a c none | cut -d' ' -f1");
        expect(hashes.flatMap(({ sha256 }) => (sha256 === null ? [] : [sha256])).join("\n")).toBe(sums);
        expect(hashes.flatMap(({ path, sha256 }) => (sha256 === null ? [path.slice(10)] : []))).toEqual([
          ...["pipe", "gone", "link", "closed"],
        ]);
        const tree = await listed(sandbox);
        expect(hashes[0]?.stat).toEqual(pick(statOf(tree.get("workspace/b"))));
      }));

    it("throws what goes wrong with the parts, and leaves no half of a file", () =>
      withSandbox(async (sandbox) => {
        async function* parts(): AsyncGenerator<TreePart> {
          yield* file("workspace/whole", "whole");
          yield { do: "file", path: "workspace/half", mode: 0o644, mtimeNs: MTIME };
          yield { do: "data", bytes: Buffer.alloc(200_000) };
          throw new Error("the source broke");
        }
        const writing = async () => {
          for await (const _ of sandbox.writeTree(parts()));
        };
        await expect(writing()).rejects.toThrow("the source broke");
        // What was not sent yet when it broke is not there, and the runner takes a moment to notice.
        await expect.poll(() => done(sandbox, "ls -A")).toMatch(/^(whole)?$/);
      }));

    it("stops at once when nobody wants it any more", () =>
      withSandbox(async (sandbox) => {
        await done(sandbox, "for i in $(seq 2000); do echo $i > f$i; done");
        const stop = new AbortController();
        const listing = async () => {
          for await (const entry of sandbox.listTree({ signal: stop.signal }))
            if (entry.kind === "file") stop.abort(new Error("enough"));
        };
        await expect(listing()).rejects.toThrow("enough");
        for await (const _ of sandbox.listTree()) break;
        expect((await listed(sandbox)).size).toBe(2002);
      }));

    it("ends every other process, and the next command has a fresh shell and the journal", () =>
      withSandbox(async (sandbox) => {
        const once = { kind: "bash", command: "echo x >> count; wc -l < count" } as const;
        const first = await sandbox.runOperation("tree_once", once);
        await done(sandbox, "setsid sleep 1000 & sleep 1000 & (while :; do date > busy; done) > /dev/null 2>&1 &");
        const terminal = await sandbox.openTerminal("t", { columns: 80, rows: 24, offset: 0 });
        await sandbox.quiesce();
        const events: string[] = [];
        for await (const event of terminal.events) events.push(event.type);
        expect(events.at(-1)).toBe("exited");
        const before = await listed(sandbox);
        await new Promise((resolve) => setTimeout(resolve, 30));
        expect(await listed(sandbox)).toEqual(before);
        const after = await run(sandbox, "pgrep sleep; echo none");
        expect(after).toMatchObject({ content: "none", freshShell: true });
        expect(await sandbox.runOperation("tree_once", once)).toEqual(first);
        await sandbox.quiesce();
        expect(await done(sandbox, "cat count")).toBe("x");
      }));
  });
}
