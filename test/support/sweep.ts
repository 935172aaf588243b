// Everything of a system in which a value could have been left: its database, its files, what sandboxes and their processes hold.
import { execFile } from "node:child_process";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { findEmbeddedPostgresUrl } from "../../src/db/embedded/embedded-postgres.ts";
import type { System } from "./system.ts";

const run = promisify(execFile);

export type Swept = { place: string; bytes: Uint8Array };

/** What `npm start` keeps, and what it printed. Takes a second or two. */
export async function sweepSystem(system: Pick<System, "dataDir" | "output">): Promise<Swept[]> {
  const swept = [
    { place: "the terminal", bytes: Buffer.from(system.output()) },
    ...(await dumpDatabase(system.dataDir)),
    ...(await readFiles(system.dataDir)),
  ];
  // Nothing was left out: the log of each part is there, and what values are sealed in.
  for (const place of [...["web", "worker", "egress"].map((part) => `/logs/${part}.log`), "table credential_secrets"])
    if (swept.filter((one) => one.place.endsWith(place) && one.bytes.length > 0).length !== 1)
      throw new Error(`not swept: ${place}`);
  return swept;
}

/** Every table, each value as text and as the bytes that it is. */
export async function dumpDatabase(dataDir: string): Promise<Swept[]> {
  const url = findEmbeddedPostgresUrl(dataDir);
  if (!url) throw new Error("no database runs");
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    );
    const dump: Swept[] = [];
    for (const { name } of tables.rows) {
      const rows = await client.query({ text: `select * from "${name}"`, rowMode: "array" });
      const raw = rows.rows.flat().filter((value) => Buffer.isBuffer(value));
      dump.push({ place: `table ${name}`, bytes: Buffer.concat([Buffer.from(JSON.stringify(rows.rows)), ...raw]) });
    }
    return dump;
  } finally {
    await client.end();
  }
}

/** Everything in the data directory that is a file: logs, the database's own files with its write-ahead log, blobs, sandboxes' disks. */
export async function readFiles(directory: string): Promise<Swept[]> {
  // What is on the disk of a sandbox that runs is in its image, too.
  await run("sync");
  const names = await readdir(directory, { recursive: true });
  const found: Swept[] = [];
  for (const name of names) {
    const place = path.join(directory, name);
    try {
      const facts = await stat(place);
      if (!facts.isFile() || facts.size === 0) continue;
      // An image of 4 GB is more than Node reads at once, and little of it was ever written.
      const isSparse = facts.blocks * 512 < facts.size / 2;
      found.push({ place, bytes: withoutZeros(isSparse ? await readWritten(place) : await readFile(place)) });
    } catch (error) {
      // What goes away meanwhile is a temporary file of the database, or a socket.
      if (existsSync(place)) throw error;
    }
  }
  return found;
}

/** What was ever written to a file, without its holes. */
async function readWritten(place: string): Promise<Buffer> {
  const args = ["--create", "--sparse", "--absolute-names", "--warning=no-file-changed", "--file=-", place];
  const options = { encoding: "buffer" as const, maxBuffer: 2 ** 31 };
  return new Promise((resolve, reject) => {
    // 1: it changed while it was read.
    execFile("tar", args, options, (error, bytes) => (error && error.code !== 1 ? reject(error) : resolve(bytes)));
  });
}

const BLOCK = Buffer.alloc(4096);

/** Looking for many forms takes as long as there are bytes, and most of those of disks and memory are zeros. */
function withoutZeros(bytes: Buffer): Buffer {
  const kept: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK.length) {
    const block = bytes.subarray(at, at + BLOCK.length);
    if (!block.equals(BLOCK)) kept.push(block);
  }
  return Buffer.concat(kept);
}

/** Environment, command line and memory of each process below this one, as far as the system lets us read them. */
export function readProcessesBelow(pid: number): Swept[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(name)] as const),
  );
  const isBelow = (one: number | undefined): boolean =>
    one !== undefined && one > 1 && (parents.get(one) === pid || isBelow(parents.get(one)));
  return [...parents.keys()].filter(isBelow).flatMap(readProcess);
}

export function readProcess(pid: number): Swept[] {
  const files = ["environ", "cmdline"].map((name) => `/proc/${pid}/${name}`);
  return [
    ...files.map((place) => ({ place, bytes: readOrEmpty(place) })),
    { place: `/proc/${pid}/mem`, bytes: readMemory(pid) },
  ];
}

function parentOf(pid: string): number | undefined {
  return Number(/^PPid:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`).toString())?.[1]);
}

function readOrEmpty(place: string): Buffer {
  try {
    return readFileSync(place);
  } catch {
    return Buffer.alloc(0); // The process ended.
  }
}

const MAX_REGION = 64 * 1024 * 1024;

/** Regions that were written to. */
function readMemory(pid: number): Buffer {
  const pieces: Buffer[] = [];
  let memory: number;
  try {
    memory = openSync(`/proc/${pid}/mem`, "r");
  } catch {
    return Buffer.alloc(0);
  }
  for (const line of readOrEmpty(`/proc/${pid}/maps`).toString().split("\n")) {
    const region = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
    const [from, to] = [Number.parseInt(region?.[1] ?? "", 16), Number.parseInt(region?.[2] ?? "", 16)];
    if (!region || to - from > MAX_REGION) continue;
    try {
      const bytes = Buffer.alloc(to - from);
      pieces.push(bytes.subarray(0, readSync(memory, bytes, 0, bytes.length, from)));
    } catch {
      // A region that is gone, or of a device.
    }
  }
  closeSync(memory);
  return withoutZeros(Buffer.concat(pieces));
}
