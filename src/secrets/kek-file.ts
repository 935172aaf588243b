// The KEKs of a machine in a file of its data directory, for its owner only. Made once, replaced whole, never overwritten by accident.
import { randomBytes } from "node:crypto";
import { appendFile, link, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { formatKek, type Kek, KekProblem, parseKeks } from "./key-ring.ts";
import { KEY_BYTES } from "./seal.ts";

const ABOUT = "# Opens the credentials in Berth's vaults. Keep a copy in a safe place: without it they are lost.\n";

/** Null: there is no such file. Throws `KekProblem` when others than its owner may read it. */
export async function readKekFile(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if (mode & 0o077) throw new KekProblem(`others may read ${path}: run \`chmod 600 ${path}\``);
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasErrno(error, "ENOENT")) return null;
    throw error;
  }
}

/** Makes the file with a new key, unless there is one: of two processes at once the second finds the first one's. */
export async function makeKekFile(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = await writeBeside(path, toText([newKek()]));
  try {
    await link(temporary, path);
    await syncDirectory(path);
  } catch (error) {
    if (!hasErrno(error, "EEXIST")) throw error;
  } finally {
    await unlink(temporary);
  }
}

/** Replaces the file whole: after a crash there is the one or the other. */
export async function replaceKekFile(path: string, keks: readonly Kek[]): Promise<void> {
  await rename(await writeBeside(path, toText(keks)), path);
  await syncDirectory(path);
}

/** Keys that seal nothing any more. Backups of the database that were made before may need them. */
export async function keepOldKeks(path: string, keks: readonly Kek[]): Promise<void> {
  const known = new Set(parseKeksOrNone((await readKekFile(path)) ?? "").map((kek) => kek.id));
  const lines = keks.filter((kek) => !known.has(kek.id)).map((kek) => `${formatKek(kek)} # ${kek.id}\n`);
  if (lines.length > 0) await appendFile(path, lines.join(""), { mode: 0o600, flush: true });
}

export function newKek(): Kek {
  const [kek] = parseKeks(randomBytes(KEY_BYTES).toString("base64"));
  if (!kek) throw new Error("no key was made");
  return kek;
}

function parseKeksOrNone(text: string): Kek[] {
  return text.trim() === "" ? [] : parseKeks(text);
}

function toText(keks: readonly Kek[]): string {
  return ABOUT + keks.map((kek) => `${formatKek(kek)} # ${kek.id}\n`).join("");
}

async function writeBeside(path: string, text: string): Promise<string> {
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  const file = await open(temporary, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  return temporary;
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(dirname(path), "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
