// One directory per sandbox in the data directory: its disk and a small record. The directory is the sandbox's existence.
import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { z } from "zod";
import { messageOf } from "../../lib/errors.ts";

const recordSchema = z.object({
  identity: z.string().min(1),
  /** The user id on the host to whom the disk's files belong; null where all are the caller's. */
  uid: z.number().int().nullable(),
  diskMb: z.number().positive(),
  lastUsedAt: z.number(),
  /** When nobody knew it any more; it is kept for a while. */
  setAsideAt: z.number().nullable().default(null),
});
export type SandboxRecord = z.infer<typeof recordSchema>;

/** Directories with these beginnings are not sandboxes (yet, or any more). */
const BLANK = ".blank-";
const UNFINISHED = ".new-";
const TRASH = ".trash-";
/** A disk whose record cannot be read: kept for a person, used by nobody. */
const UNREADABLE = ".unreadable-";
const FIRST_UID = 200_000;
/** In the range of one installation. */
const UIDS = 65_536;

export function isSandboxName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/.test(name);
}

export type Records = ReturnType<typeof createRecords>;

/** `firstUid` is where this installation's user ids begin; each disk has one that no other disk has. */
export function createRecords(options: {
  directory: string;
  firstUid: number | null;
  log: (event: string, fields: Record<string, unknown>) => void;
}) {
  const { directory, firstUid, log } = options;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const usedUids = new Set<number>();

  const pathOf = (entry: string) => join(directory, entry);
  const recordFile = (path: string) => join(path, "record.json");

  /** Null when there is none, or none that can be read: one bad record must not keep the other sandboxes from working. */
  function read(path: string): SandboxRecord | null {
    if (!existsSync(path)) return null;
    try {
      return recordSchema.parse(JSON.parse(readFileSync(recordFile(path), "utf8")));
    } catch (error) {
      const kept = pathOf(`${UNREADABLE}${basename(path)}-${randomBytes(4).toString("hex")}`);
      renameSync(path, kept);
      log("the record of a sandbox cannot be read: its disk is kept aside and its session gets a new one", {
        sandboxId: basename(path),
        kept,
        reason: messageOf(error),
      });
      return null;
    }
  }

  /** On the disk when it returns, whole or not at all, whatever fails afterwards. */
  function write(path: string, record: SandboxRecord): void {
    writeFileSync(`${recordFile(path)}.new`, JSON.stringify(record), { flush: true });
    renameSync(`${recordFile(path)}.new`, recordFile(path));
    syncDirectory(path);
  }

  function takeUid(): number | null {
    if (firstUid === null) return null;
    let uid = firstUid;
    while (usedUids.has(uid)) uid += 1;
    usedUids.add(uid);
    return uid;
  }

  function freeUid(uid: number | null): void {
    if (uid !== null) usedUids.delete(uid);
  }

  function names(): string[] {
    return readdirSync(directory).filter(isSandboxName);
  }

  /** Removes what a predecessor left unfinished, and learns which user ids are taken. */
  async function open(): Promise<void> {
    for (const entry of readdirSync(directory)) {
      if (isSandboxName(entry)) {
        const uid = read(pathOf(entry))?.uid ?? null;
        if (uid !== null) usedUids.add(uid);
      } else if (!entry.startsWith(UNREADABLE)) {
        await rm(pathOf(entry), { recursive: true, force: true });
      }
    }
  }

  /** A new directory that nobody sees until it is renamed to a blank or to a name. */
  async function make(diskMb: number, fill: (path: string, uid: number | null) => Promise<void>) {
    const id = randomBytes(8).toString("hex");
    const path = pathOf(UNFINISHED + id);
    const uid = takeUid();
    try {
      mkdirSync(path, { mode: 0o700 });
      await fill(path, uid);
      const record: SandboxRecord = {
        identity: randomBytes(16).toString("hex"),
        uid,
        diskMb,
        lastUsedAt: Date.now(),
        setAsideAt: null,
      };
      write(path, record);
      const blank = pathOf(BLANK + id);
      renameSync(path, blank);
      return { path: blank, record };
    } catch (error) {
      rmSync(path, { recursive: true, force: true });
      freeUid(uid);
      throw error;
    }
  }

  /** Gives a blank its name. The rename is the moment at which the sandbox exists. */
  function claim(blankPath: string, name: string): string {
    renameSync(blankPath, pathOf(name));
    syncDirectory(directory);
    return pathOf(name);
  }

  function find(name: string): { path: string; record: SandboxRecord } | null {
    const path = pathOf(name);
    const record = isSandboxName(name) ? read(path) : null;
    return record ? { path, record } : null;
  }

  /** Gone at once for everybody, removed from the disk after. */
  async function remove(path: string): Promise<void> {
    const record = read(path);
    if (!record) return;
    const trash = pathOf(TRASH + randomBytes(8).toString("hex"));
    renameSync(path, trash);
    await rm(trash, { recursive: true, force: true });
    freeUid(record.uid);
  }

  return { open, make, claim, find, names, remove, write };
}

/** A rename is on the disk once its directory is. */
function syncDirectory(path: string): void {
  const file = openSync(path, "r");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Names an installation on its host: cgroups and user ids of several must not meet. */
export function installationHash(dataDir: string): string {
  return createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 12);
}

/** Of an installation's egress broker, when root starts it: the last one of its range. */
export function brokerUidFor(hash: string): number {
  return firstUidFor(hash) + UIDS - 1;
}

/** Installations on one host use different ranges of user ids, by their data directory's hash. */
export function firstUidFor(hash: string): number {
  return FIRST_UID + (Number.parseInt(hash.slice(0, 4), 16) % 8192) * UIDS;
}
