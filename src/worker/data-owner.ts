// Whose data lies in the data directory: the database that it belongs to is named in a file there. Whoever removes what a database
// does not know asks here first, since another database, or a new one, knows nothing of it.
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Holds one installation's id. */
export type OwnerFile = {
  readonly path: string;
  /** Null when nobody has claimed the data yet. */
  read(): string | null;
  write(installation: string): void;
};

export type DataOwner =
  /** The data and this database belong together. */
  | { ours: true }
  /** They do not: nothing may be removed. `detail` says so, and what to do. */
  | { ours: false; detail: string };

export function openOwnerFile(dataDir: string): OwnerFile {
  const path = join(dataDir, "installation");
  return {
    path,
    read() {
      try {
        return readFileSync(path, "utf8").trim() || null;
      } catch (error) {
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
        throw error;
      }
    },
    write(installation) {
      const temporary = `${path}.${randomBytes(4).toString("hex")}`;
      const file = openSync(temporary, "wx", 0o600);
      try {
        writeSync(file, `${installation}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, path);
    },
  };
}

/** Claims data that nobody has claimed, if there is none yet or this database knows some of the sandboxes. */
export function checkDataOwner(
  file: OwnerFile,
  installation: string,
  sandboxes: { all: number; known: number },
): DataOwner {
  const owner = file.read();
  if (owner === installation) return { ours: true };
  const place = dirname(file.path);
  if (owner === null && (sandboxes.all === 0 || sandboxes.known > 0)) {
    file.write(installation);
    return { ours: true };
  }
  const what =
    owner === null
      ? `This database knows none of the ${sandboxes.all} sandboxes in ${place}.`
      : `The sandboxes in ${place} belong to another database (${owner}; this one is ${installation}).`;
  const remedy = `Nothing of them is removed. Start Berth with the DATABASE_URL that they were made with. If this database is to go on with them: echo ${installation} > ${shellQuoted(file.path)}`;
  return { ours: false, detail: `${what} ${remedy}` };
}

function shellQuoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
