// One supervisor a data directory: a lock of the operating system that dies with the process that holds it.
import { DatabaseSync } from "node:sqlite";

export type Lock = { release(): void };

/** A lock that nobody points to would be collected, its file closed, and the lock gone while its process lives. */
const held = new Set<DatabaseSync>();

/**
 * Node has no flock; SQLite takes the same kind of lock (fcntl, LockFileEx) and Node brings SQLite. Nothing is stored: the file
 * stays empty and only the lock on it counts, so a killed holder leaves nothing to clean up and two at once cannot both win.
 */
export function takeLock(path: string): Lock | null {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec("pragma journal_mode = off; begin exclusive");
  } catch (error) {
    file.close();
    if (error instanceof Error && /database is locked/.test(error.message)) return null;
    throw error;
  }
  held.add(file);
  return {
    release() {
      held.delete(file);
      file.close();
    },
  };
}
