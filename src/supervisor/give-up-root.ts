// A process that was started by root, and does not need to be root any more.

/** Where a container has no user ids above 65,535: nobody's by convention, and not the one called `nobody`, which others share. */
const LOW_UID = 65_533;

export type Rights = { uid: number; gid: number };

/**
 * Becomes somebody without a right, for good. `prepare` is called before, as root, with who that will be. Gives who it is then, or
 * null where it was not root. Throws where the system does not allow it.
 */
export function giveUpRoot(wanted: number, prepare: (rights: Rights) => void): Rights | null {
  if (process.getuid?.() !== 0 || !process.setgroups || !process.setgid || !process.setuid) return null;
  const gid = setGroup(wanted);
  prepare({ uid: gid, gid });
  process.setuid(gid);
  if (process.getuid() !== gid || process.geteuid?.() !== gid) throw new Error(`still user ${process.geteuid?.()}`);
  return { uid: gid, gid };
}

function setGroup(wanted: number): number {
  process.setgroups?.([]);
  try {
    process.setgid?.(wanted);
    return wanted;
  } catch (error) {
    // Not one of this container's.
    if (!(error instanceof Error && "code" in error && error.code === "EINVAL")) throw error;
    process.setgid?.(LOW_UID);
    return LOW_UID;
  }
}
