// What an agent owns it can close to itself, its own roots too. Then nobody who works as its user gets in: no shell, no listing.
import { chmodSync, closeSync, constants, fstatSync, openSync } from "node:fs";

/** Node has no name for it; the number is that of both architectures that Berth runs on. Opens without any permission on what is opened. */
export const O_PATH = 0o10000000;
const OWNER = 0o700;

/**
 * Gives the owner of a directory its permissions on it back, where one is missing; other bits of the mode stay. A link in its
 * place is not followed. Throws as the system does: `ENOTDIR` or `ELOOP` for what is no directory, `EPERM` for one of another user.
 */
export function openToOwner(directory: string): void {
  const fd = openSync(directory, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    const { mode } = fstatSync(fd);
    if ((mode & OWNER) !== OWNER) chmodSync(`/proc/self/fd/${fd}`, (mode & 0o7777) | OWNER);
  } finally {
    closeSync(fd);
  }
}
