// The tree of a sandbox in memory: what the port promises of files, without a disk.
import { createHash, hash } from "node:crypto";
import type { TreeEntry, TreeHash, TreePart, TreeRead, TreeStat, TreeWritten } from "../../src/sandboxes/sandbox.ts";

const HOLE_STEP = 64 * 1024;
const PIECE = 256 * 1024;
const ROOTS = ["workspace", "home"];

/** Names of one file share it. */
type File = { content: Buffer; sparse: boolean; mode: number; mtimeNs: bigint; ctimeNs: bigint; inode: bigint };
type Node =
  | { kind: "file"; file: File }
  | { kind: "directory"; mode: number; mtimeNs: bigint; ctimeNs: bigint; inode: bigint }
  | { kind: "symlink"; target: string; mtimeNs: bigint; ctimeNs: bigint; inode: bigint }
  | { kind: "left_out"; why: string };

export type MemoryTree = ReturnType<typeof createMemoryTree>;

/** With `from` it begins as a copy of that one. */
export function createMemoryTree(from?: { copyNodes: () => Map<string, Node> }) {
  const nodes = from?.copyNodes() ?? new Map<string, Node>();
  /** Times and inodes: never twice the same. */
  let tick = 1_800_000_000_000_000_000n + (from ? 1_000_000_000_000_000n : 0n);
  const next = () => {
    tick += 1_000_000n;
    return tick;
  };
  for (const root of ROOTS)
    if (!nodes.has(root))
      nodes.set(root, { kind: "directory", mode: 0o755, mtimeNs: next(), ctimeNs: next(), inode: next() });

  function statOf(node: Exclude<Node, { kind: "left_out" }>): TreeStat {
    const { mtimeNs, ctimeNs, inode } = node.kind === "file" ? node.file : node;
    const sizeBytes = node.kind === "file" ? node.file.content.length : 0;
    return {
      mode: node.kind === "file" ? node.file.mode : node.kind === "directory" ? node.mode : 0o777,
      sizeBytes,
      allocatedBytes: node.kind === "file" && node.file.sparse ? dataBytes(node.file.content) : sizeBytes,
      mtimeNs: `${mtimeNs}`,
      ctimeNs: `${ctimeNs}`,
      inode: `${inode}`,
      links:
        node.kind === "file"
          ? [...nodes.values()].filter((one) => one.kind === "file" && one.file === node.file).length
          : 1,
    };
  }

  const parentOf = (path: string) => path.slice(0, path.lastIndexOf("/"));

  function place(path: string): void {
    if (nodes.get(parentOf(path))?.kind !== "directory") throw new Error("no such file or directory");
  }

  function remove(path: string): void {
    for (const one of [...nodes.keys()]) if (one === path || one.startsWith(`${path}/`)) nodes.delete(one);
  }

  function write(
    path: string,
    content: Buffer,
    options: { mode?: number; mtimeNs?: bigint; sparse?: boolean } = {},
  ): void {
    place(path);
    const { mode = 0o644, mtimeNs = next(), sparse = false } = options;
    remove(path);
    nodes.set(path, { kind: "file", file: { content, sparse, mode, mtimeNs, ctimeNs: next(), inode: next() } });
  }

  const tree = {
    /** Called before each piece of a file is given. */
    onRead: null as ((path: string) => void) | null,
    /** Files that were read, in order. */
    read: [] as string[],
    /** Set: writing this path fails with it. */
    writeProblems: new Map<string, string>(),

    write,
    remove,
    /** A change in place: the same file, with other times. */
    change(path: string, content: Buffer): void {
      const node = nodes.get(path);
      if (node?.kind !== "file") throw new Error(`${path} is no file`);
      Object.assign(node.file, { content, mtimeNs: next(), ctimeNs: next() });
    },
    directory(path: string, mode = 0o755): void {
      place(path);
      nodes.set(path, { kind: "directory", mode, mtimeNs: next(), ctimeNs: next(), inode: next() });
    },
    symlink(path: string, target: string): void {
      place(path);
      remove(path);
      nodes.set(path, { kind: "symlink", target, mtimeNs: next(), ctimeNs: next(), inode: next() });
    },
    link(path: string, to: string): void {
      const node = nodes.get(to);
      if (node?.kind !== "file") throw new Error(`${to} is no file`);
      remove(path);
      nodes.set(path, node);
      node.file.ctimeNs = next();
    },
    leftOut(path: string, why: string): void {
      nodes.set(path, { kind: "left_out", why });
    },
    paths: () => [...nodes.keys()].sort(),
    /** What the file holds, to be changed without a trace in its times. */
    contentOf(path: string): Buffer {
      const node = nodes.get(path);
      if (node?.kind !== "file") throw new Error(`${path} is no file`);
      return node.file.content;
    },
    copyNodes: () => copyOfNodes(nodes),
    /** Files whose hash was asked for, in order. */
    hashed: [] as string[],

    /** What a restore has to bring back, as text that can be compared: links as groups, times to the microsecond. */
    describe(): Record<string, string> {
      const groups = new Map<File, string>();
      const lines: [string, string][] = [];
      for (const path of [...nodes.keys()].sort()) {
        const node = nodes.get(path);
        if (!node || node.kind === "left_out") continue;
        if (node.kind === "directory") lines.push([path, `directory ${node.mode.toString(8)} ${node.mtimeNs / 1000n}`]);
        else if (node.kind === "symlink") lines.push([path, `symlink ${node.target} ${node.mtimeNs / 1000n}`]);
        else {
          const group = groups.get(node.file);
          groups.set(node.file, group ?? path);
          const hash = createHash("sha256").update(node.file.content).digest("hex").slice(0, 16);
          const { mode, mtimeNs, content } = node.file;
          const own = `file ${mode.toString(8)} ${mtimeNs / 1000n} ${content.length} ${hash}`;
          lines.push([path, group === undefined ? own : `link to ${group}`]);
        }
      }
      return Object.fromEntries(lines);
    },

    /** Contents of the workspace's files, as text. */
    texts(): Record<string, string> {
      const files = [...nodes].flatMap(([path, node]) =>
        node.kind === "file" ? [[path.replace(/^workspace\//, ""), node.file.content.toString("utf8")]] : [],
      );
      return Object.fromEntries(files);
    },

    async *listTree(): AsyncGenerator<TreeEntry> {
      for (const path of [...nodes.keys()].sort()) {
        const node = nodes.get(path);
        if (!node) continue;
        if (node.kind === "left_out") yield { kind: "left_out", path, why: node.why };
        else if (node.kind === "symlink") yield { kind: "symlink", path, target: node.target, ...statOf(node) };
        else yield { kind: node.kind, path, ...statOf(node) };
      }
    },

    async *readTree(paths: readonly string[]): AsyncGenerator<TreeRead> {
      for (const path of paths) {
        tree.read.push(path);
        for (let time = 0; ; time++) {
          const node = nodes.get(path);
          if (node?.kind !== "file") {
            yield { type: "unreadable", path, why: "no such file or directory" };
            break;
          }
          const { ctimeNs, content, sparse } = node.file;
          yield { type: "file", path, ...statOf(node) };
          const step = sparse ? HOLE_STEP : PIECE;
          for (let at = 0; at < content.length; at += step) {
            tree.onRead?.(path);
            const bytes = content.subarray(at, at + step);
            if (sparse && bytes.every((byte) => byte === 0)) yield { type: "hole", lengthBytes: bytes.length };
            else yield { type: "data", bytes };
          }
          const after = nodes.get(path);
          const same = after?.kind === "file" && after.file.ctimeNs === ctimeNs;
          if (same || time === 3) {
            yield { type: "end", changed: !same, settled: same };
            break;
          }
          yield { type: "again" };
        }
      }
    },

    async *hashTree(paths: readonly string[]): AsyncGenerator<TreeHash> {
      for (const path of paths) {
        tree.hashed.push(path);
        const node = nodes.get(path);
        if (node?.kind !== "file") yield { path, sha256: null, stat: null };
        else yield { path, sha256: hash("sha256", node.file.content), stat: statOf(node) };
      }
    },

    async *writeTree(parts: AsyncIterable<TreePart>): AsyncGenerator<TreeWritten> {
      let file: { path: string; mode: number; mtimeNs: bigint; pieces: Buffer[]; sparse: boolean } | null = null;
      const attempt = (path: string, work: () => void): TreeWritten => {
        try {
          const planned = tree.writeProblems.get(path);
          if (planned) throw new Error(planned);
          work();
          const node = nodes.get(path);
          return { path, problem: null, stat: node?.kind === "file" ? statOf(node) : null };
        } catch (error) {
          return { path, problem: error instanceof Error ? error.message : String(error), stat: null };
        }
      };
      for await (const part of parts) {
        if (part.do === "file")
          file = { path: part.path, mode: part.mode, mtimeNs: BigInt(part.mtimeNs), pieces: [], sparse: false };
        else if (part.do === "data") file?.pieces.push(Buffer.from(part.bytes));
        else if (part.do === "hole" && file) {
          file.pieces.push(Buffer.alloc(part.lengthBytes));
          file.sparse = true;
        } else if (part.do === "abort") file = null;
        else if (part.do === "end" && file) {
          const { path, pieces, ...rest } = file;
          file = null;
          yield attempt(path, () => write(path, Buffer.concat(pieces), rest));
        } else if (part.do === "remove") yield attempt(part.path, () => remove(part.path));
        else if (part.do === "directory")
          yield attempt(part.path, () => {
            if (nodes.get(part.path)?.kind === "directory") return;
            remove(part.path);
            tree.directory(part.path);
          });
        else if (part.do === "symlink")
          yield attempt(part.path, () => {
            tree.symlink(part.path, part.target);
            Object.assign(nodes.get(part.path) ?? {}, { mtimeNs: BigInt(part.mtimeNs) });
          });
        else if (part.do === "link") yield attempt(part.path, () => tree.link(part.path, part.to));
        else if (part.do === "attributes")
          yield attempt(part.path, () => {
            const node = nodes.get(part.path);
            if (node?.kind !== "directory") throw new Error("not a directory");
            Object.assign(node, { mode: part.mode, mtimeNs: BigInt(part.mtimeNs), ctimeNs: next() });
          });
      }
    },
  };
  return tree;
}

/** Names of one file share it in the copy, too. */
function copyOfNodes(nodes: ReadonlyMap<string, Node>): Map<string, Node> {
  const files = new Map<File, File>();
  const copied = (file: File) => {
    const copy = files.get(file) ?? { ...file, content: Buffer.from(file.content) };
    files.set(file, copy);
    return copy;
  };
  return new Map(
    [...nodes].map(([path, node]) => [path, node.kind === "file" ? { ...node, file: copied(node.file) } : { ...node }]),
  );
}

function dataBytes(content: Buffer): number {
  let bytes = 0;
  for (let at = 0; at < content.length; at += HOLE_STEP)
    if (content.subarray(at, at + HOLE_STEP).some((byte) => byte !== 0)) bytes += HOLE_STEP;
  return bytes;
}
