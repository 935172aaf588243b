// The KEKs of a machine in a file of its data directory, for its owner only. Made once, replaced whole, never overwritten by accident.
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
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
  await replaceText(path, toText(keks));
}

/**
 * Keys that seal nothing any more. Backups of the database that were made before may need them.
 * Throws `KekProblem` when the file holds something else than keys; then it stays as it is.
 */
export async function keepOldKeks(path: string, keks: readonly Kek[]): Promise<void> {
  const { text, ids } = await readOldKeks(path);
  const lines = keks.filter((kek) => !ids.has(kek.id)).map((kek) => `${formatKek(kek)} # ${kek.id}\n`);
  // Whole, and not at its end: a crash in the middle of an addition would leave half a key.
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  if (lines.length > 0) await replaceText(path, before + lines.join(""));
}

/** What is kept already. Throws `KekProblem`, as `keepOldKeks` does. */
export async function readOldKeks(path: string): Promise<{ text: string; ids: ReadonlySet<string> }> {
  const text = (await readKekFile(path)) ?? "";
  try {
    return { text, ids: new Set(text.trim() === "" ? [] : parseKeks(text).map((kek) => kek.id)) };
  } catch (error) {
    if (!(error instanceof KekProblem)) throw error;
    throw new KekProblem(
      `${path} holds something that is not a key, perhaps a line that was cut off. Only backups of the database need the keys in it. Move it to another name (keep it, for its whole lines), and run \`npx berth keys rotate\` again. No stored value is lost meanwhile`,
      { cause: error },
    );
  }
}

export function newKek(): Kek {
  const [kek] = parseKeks(randomBytes(KEY_BYTES).toString("base64"));
  if (!kek) throw new Error("no key was made");
  return kek;
}

function toText(keks: readonly Kek[]): string {
  return ABOUT + keks.map((kek) => `${formatKek(kek)} # ${kek.id}\n`).join("");
}

async function replaceText(path: string, text: string): Promise<void> {
  await rename(await writeBeside(path, text), path);
  await syncDirectory(path);
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
