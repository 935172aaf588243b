// A sandbox backend in memory with the port's promises: journaled operations, disks with an identity, sleep and loss at will.
import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { PlatformError } from "../../src/lib/errors.ts";
import type {
  Operation,
  OperationResult,
  PackageSet,
  Sandbox,
  SandboxBackend,
  SandboxState,
} from "../../src/sandboxes/sandbox.ts";
import { createMemoryTree, type MemoryTree } from "./memory-tree.ts";

type Ended = Pick<OperationResult, "outcome" | "content"> & Partial<OperationResult>;

/** What running an operation does; the signal is aborted when it is cancelled or the sandbox ends. */
export type Execute = (
  operation: Operation,
  context: { id: string; name: string; signal: AbortSignal },
) => Promise<Ended>;

type JournalEntry = {
  operation: Operation;
  result: Promise<OperationResult>;
  ended: OperationResult | null;
  cancel: () => void;
};
type Disk = {
  identity: string;
  journal: Map<string, JournalEntry>;
  state: SandboxState;
  lastUsedAt: number;
  setAsideAt: number | null;
  life: AbortController;
  tree: MemoryTree;
};

export type MemoryBackend = SandboxBackend & {
  /** Every operation that was begun, in order: none may be there twice. */
  readonly started: { id: string; name: string; operation: Operation }[];
  readonly cancelled: string[];
  /** Sandboxes whose processes were ended. */
  readonly quieted: string[];
  /** How many sandboxes were made or woken. */
  readonly creations: string[];
  /** Set: `create` fails with this. */
  broken: string | null;
  /** What installing packages comes to; throws as the port says. */
  installs: (set: PackageSet) => Promise<void>;
  /** Sets that are installed, as JSON. */
  readonly installed: Set<string>;
  /** How often it failed so. */
  refusals: number;
  /** The running sandbox ends, its disk stays. */
  crash(name: string): void;
  /** Sandbox and disk are gone; the next `create` makes others. */
  lose(name: string): void;
  /** When it says that it was used last. */
  setUsedAt(name: string, atMs: number): void;
  /** The files of a sandbox, running or not. */
  treeOf(name: string): MemoryTree;
};

const echo: Execute = async (operation) => ({
  outcome: "ok",
  content: operation.kind === "bash" ? `ran ${operation.command ?? "restart"}` : `did ${operation.kind}`,
});

/** Ports on which something listens, and what a connection to one leads to. */
export type MemoryPorts = { listening: () => readonly number[]; connect: (port: number) => Duplex };

export function createMemoryBackend(options: { execute?: Execute; ports?: MemoryPorts } = {}): MemoryBackend {
  const execute = options.execute ?? echo;
  const disks = new Map<string, Disk>();

  function sandboxOn(name: string, disk: Disk): Sandbox {
    const { identity } = disk;
    const { signal: life } = disk.life;
    const alive = () => {
      if (life.aborted) throw new PlatformError("sandbox_gone", `sandbox ${name} ended`);
    };

    async function* whileAlive<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
      alive();
      for await (const item of items) {
        yield item;
        alive();
      }
    }

    function begin(id: string, operation: Operation): JournalEntry {
      backend.started.push({ id, name, operation });
      const startedAt = Date.now();
      const stop = new AbortController();
      const run = async (): Promise<OperationResult> => {
        const signal = AbortSignal.any([stop.signal, life]);
        const gone = new Promise<Ended>((resolve) => {
          signal.addEventListener("abort", () =>
            resolve({ outcome: life.aborted ? "unknown" : "cancelled", content: "" }),
          );
        });
        const ended = await Promise.race([execute(operation, { id, name, signal }), gone]);
        return { ...ended, durationMs: Date.now() - startedAt };
      };
      const entry: JournalEntry = { operation, ended: null, cancel: () => stop.abort(), result: run() };
      void entry.result.then((ended) => {
        entry.ended = ended;
      });
      disk.journal.set(id, entry);
      return entry;
    }

    return {
      name,
      identity,
      async runOperation(id, operation, { signal } = {}) {
        alive();
        disk.lastUsedAt = Date.now();
        const entry = disk.journal.get(id) ?? begin(id, operation);
        if (entry.ended) return entry.ended;
        return new Promise((resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
          if (signal?.aborted) reject(signal.reason);
          const onGone = () => reject(new PlatformError("sandbox_gone", `sandbox ${name} ended`));
          life.addEventListener("abort", onGone, { once: true });
          entry.result.then(resolve, reject);
        });
      },
      async cancelOperation(id) {
        alive();
        const entry = disk.journal.get(id);
        if (!entry || entry.ended) return;
        backend.cancelled.push(id);
        entry.cancel();
      },
      async readFile() {
        return null;
      },
      async openFile() {
        return null;
      },
      async writeFile() {
        throw new PlatformError("not_supported", "this backend has no files");
      },
      async listDirectory() {
        return [];
      },
      async openTerminal() {
        throw new PlatformError("not_supported", "this backend has no terminals");
      },
      async runProgram() {
        throw new PlatformError("not_supported", "this backend runs no programs");
      },
      async connectPort(port) {
        alive();
        const connection = options.ports?.listening().includes(port) ? options.ports.connect(port) : null;
        if (!connection) throw new PlatformError("not_found", `nothing listens on port ${port}`);
        life.addEventListener("abort", () => connection.destroy(), { once: true });
        return connection;
      },
      async listPorts() {
        alive();
        return (options.ports?.listening() ?? []).map((port) => ({ port, program: "app" }));
      },
      async archive() {
        throw new PlatformError("not_supported", "this backend has no files");
      },
      listTree: () => whileAlive(disk.tree.listTree()),
      readTree: (paths) => whileAlive(disk.tree.readTree(paths)),
      hashTree: (paths) => whileAlive(disk.tree.hashTree(paths)),
      writeTree: (parts) => whileAlive(disk.tree.writeTree(parts)),
      async quiesce() {
        alive();
        backend.quieted.push(name);
        for (const entry of disk.journal.values()) if (!entry.ended) entry.cancel();
      },
      async end() {
        disk.life.abort();
      },
    };
  }

  const backend: MemoryBackend = {
    id: "memory",
    started: [],
    cancelled: [],
    creations: [],
    broken: null,
    refusals: 0,
    quieted: [],
    installed: new Set(),
    installs: async () => undefined,
    async create(name, { seed }) {
      if (backend.broken) {
        backend.refusals += 1;
        throw new PlatformError("sandbox_unavailable", backend.broken);
      }
      let disk = disks.get(name);
      if (!disk || disk.life.signal.aborted) {
        backend.creations.push(name);
        disk = {
          identity: disk?.identity ?? randomUUID(),
          journal: disk?.journal ?? new Map(),
          state: "running",
          lastUsedAt: Date.now(),
          setAsideAt: null,
          life: new AbortController(),
          tree: disk?.tree ?? createMemoryTree(seed && disks.get(seed.name)?.tree),
        };
        disks.set(name, disk);
      }
      return sandboxOn(name, disk);
    },
    async installPackages(set, { onProgress }) {
      const asked = JSON.stringify(set);
      if (backend.installed.has(asked)) return false;
      for (const [manager, packages] of Object.entries(set.lists))
        if (packages.length > 0) onProgress?.({ manager, packages });
      await backend.installs(set);
      backend.installed.add(asked);
      return true;
    },
    async open(name) {
      const disk = disks.get(name);
      if (!disk || disk.life.signal.aborted) throw new PlatformError("sandbox_gone", `sandbox ${name} does not run`);
      return sandboxOn(name, disk);
    },
    async hibernate(name) {
      const disk = disks.get(name);
      disk?.life.abort();
      if (disk) disk.state = "hibernated";
    },
    async destroy(name) {
      disks.get(name)?.life.abort();
      disks.delete(name);
    },
    async setAside(name) {
      const disk = disks.get(name);
      if (!disk) return;
      disk.life.abort();
      disk.state = "hibernated";
      disk.setAsideAt ??= Date.now();
    },
    async takeBack(name) {
      const disk = disks.get(name);
      if (disk) disk.setAsideAt = null;
    },
    async list() {
      return [...disks].map(([name, disk]) => ({
        name,
        identity: disk.identity,
        state: disk.life.signal.aborted ? "hibernated" : disk.state,
        lastUsedAt: disk.lastUsedAt,
        memoryBytes: null,
        setAsideAt: disk.setAsideAt,
      }));
    },
    async selfTest() {
      return { usable: true, checks: [], remedy: null };
    },
    async close() {
      // Nothing is connected.
    },
    crash(name) {
      disks.get(name)?.life.abort();
    },
    lose(name) {
      disks.get(name)?.life.abort();
      disks.delete(name);
    },
    setUsedAt(name, atMs) {
      const disk = disks.get(name);
      if (disk) disk.lastUsedAt = atMs;
    },
    treeOf(name) {
      const disk = disks.get(name);
      if (!disk) throw new Error(`no sandbox ${name}`);
      return disk.tree;
    },
  };
  return backend;
}
