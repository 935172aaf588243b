// Ports of the sandbox's own loopback: what listens there, and a connection to one. Nothing else can be reached through here.
import { once } from "node:events";
import { readdir, readFile, readlink } from "node:fs/promises";
import { createConnection, type Socket } from "node:net";
import { type Duplex, pipeline } from "node:stream";
import { errnoOf } from "./paths.ts";
import { BadRequest, type WirePort } from "./protocol.ts";

/** In this order: what a program means that says "localhost". */
const LOOPBACK = ["127.0.0.1", "::1"] as const;
/** `st` of a socket that listens, in /proc/net/tcp. */
const LISTENS = "0A";
/** Addresses as /proc/net/tcp and tcp6 write them, by which loopback is served: any, loopback, and both as IPv4 within IPv6. */
const SERVES_LOOPBACK = new Set([
  "00000000",
  "0100007F",
  "00000000000000000000000000000000",
  "00000000000000000000000001000000",
  "0000000000000000FFFF000000000000",
  "0000000000000000FFFF00000100007F",
]);
const MAX_LISTED = 200;

/** Nobody listens on this port. */
export class NothingListens extends Error {}

export class Ports {
  #open = 0;

  /** Somebody is connected to one. */
  get inUse(): boolean {
    return this.#open > 0;
  }

  /** Bytes both ways, each side at the pace of the other, until either ends. */
  async bridge(socket: Duplex, { port, accept }: { port: number; accept: () => void }): Promise<void> {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new BadRequest("port: 1 to 65535");
    const target = await connectToLoopback(port);
    if (socket.destroyed) return void target.destroy();
    this.#open += 1;
    socket.once("close", () => {
      this.#open -= 1;
    });
    accept();
    pipeline(socket, target, (error) => error && socket.destroy());
    pipeline(target, socket, (error) => error && target.destroy());
  }
}

async function connectToLoopback(port: number): Promise<Socket> {
  for (const host of LOOPBACK) {
    const socket = createConnection({ host, port, allowHalfOpen: true, noDelay: true });
    try {
      await once(socket, "connect");
      return socket;
    } catch {
      // Refused, or this sandbox has no such address.
      socket.destroy();
    }
  }
  throw new NothingListens(`nothing listens on port ${port}`);
}

/** What listens on loopback, by port; with the name of its program where it can be found out. */
export async function listPorts(): Promise<WirePort[]> {
  const tables = await Promise.all(["tcp", "tcp6"].map(readTable));
  const byPort = new Map<number, string>();
  for (const { port, inode } of tables.flatMap(parseTable)) if (!byPort.has(port)) byPort.set(port, inode);
  const programs = await programsByInode(new Set(byPort.values()));
  return [...byPort]
    .sort(([one], [other]) => one - other)
    .slice(0, MAX_LISTED)
    .map(([port, inode]) => ({ port, program: programs.get(inode) ?? null }));
}

async function readTable(name: string): Promise<string> {
  try {
    return await readFile(`/proc/net/${name}`, "latin1");
  } catch (error) {
    // A kernel without IPv6 has no tcp6.
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** Sockets that listen where loopback is served. Pure. */
export function parseTable(table: string): { port: number; inode: string }[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
    const [address = "", port = ""] = local.split(":");
    if (state !== LISTENS || !SERVES_LOOPBACK.has(address)) return [];
    return [{ port: Number.parseInt(port, 16), inode }];
  });
}

/** Of those that are asked for. Processes that end meanwhile, or are not ours to look into, are passed over. */
async function programsByInode(wanted: ReadonlySet<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (wanted.size === 0) return found;
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  for (const pid of pids) {
    try {
      for (const descriptor of await readdir(`/proc/${pid}/fd`)) {
        const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => "");
        const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
        if (inode === undefined || !wanted.has(inode) || found.has(inode)) continue;
        found.set(inode, (await readFile(`/proc/${pid}/comm`, "utf8")).trim());
      }
    } catch {
      // It ended, or belongs to somebody else.
    }
  }
  return found;
}
