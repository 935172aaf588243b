// A sandbox's disk: a sparse ext4 image with a quota of its own as root, plain directories otherwise. What an agent keeps lies here.
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openToOwner } from "../../lib/open-to-owner.ts";
import { cleanCopy } from "./clean-copy.ts";
import { copyImage, loopDevicesOf } from "./copy-image.ts";
import { runCommand } from "./run-command.ts";

/** What a sandbox mounts: the three parts of its disk, and memory for /tmp and /dev/shm, null where bubblewrap makes it. */
export type DiskParts = {
  workspaceDir: string;
  homeDir: string;
  stateDir: string;
  scratch: { tmpDir: string; sharedMemoryDir: string } | null;
};

export type Disks = {
  /** Whether the quota in bytes and files holds. */
  quota: boolean;
  /** Makes a blank disk in an existing, empty directory. */
  make(directory: string, options: { diskMb: number }): Promise<void>;
  /** Whether one can be copied while its sandbox runs. */
  copiesInUse: boolean;
  /**
   * Makes a disk in an existing, empty directory that has the files of another one as they were at one moment, for `uid`, and nothing
   * else of it. Throws where that is not possible, and leaves what is to be removed. `mountPoint` is a directory of ours.
   */
  copy(from: CopiedDisk, to: { directory: string; mountPoint: string; uid: number }): Promise<"shared" | "copied">;
  /** Makes a disk usable; `mountPoint` is a directory of ours. */
  mount(directory: string, mountPoint: string, options: { uid: number; scratchMb: number }): Promise<DiskParts>;
  /** The workspace of a disk that nobody writes to any more, for others to read. Every user id reaches it. */
  mountToRead(directory: string, mountPoint: string): Promise<string>;
  unmount(mountPoint: string): Promise<void>;
};

/** `mountedAt`: where it is while its sandbox runs, else null. `maxBytes`: of what has to be copied. */
type CopiedDisk = { directory: string; mountedAt: string | null; maxBytes: number };

const PARTS = ["workspace", "home", "state"] as const;

function partsOf(directory: string, scratch: DiskParts["scratch"]): DiskParts {
  return {
    scratch,
    workspaceDir: join(directory, "workspace"),
    homeDir: join(directory, "home"),
    stateDir: join(directory, "state"),
  };
}

function makeParts(directory: string, uid: number | null): void {
  for (const part of PARTS) {
    const path = join(directory, part);
    mkdirSync(path, { recursive: true });
    chmodSync(path, 0o700);
    if (uid !== null) chownSync(path, uid, uid);
  }
}

/** Whoever worked in them owns them, and may have closed them to itself: no sandbox would start on them any more. */
function openParts(directory: string): void {
  for (const part of PARTS) openToOwner(join(directory, part));
}

export function directoryDisks(): Disks {
  return {
    quota: false,
    async make(directory) {
      makeParts(join(directory, "disk"), null);
    },
    copiesInUse: false,
    async copy(from, { directory }) {
      // Whoever works in it could lead a copy out of it.
      if (from.mountedAt !== null) throw new Error("its sandbox runs");
      openParts(join(from.directory, "disk"));
      const disk = join(directory, "disk");
      makeParts(disk, null);
      for (const part of ["workspace", "home"])
        await runCommand("cp", [...COPY_FILES, join(from.directory, "disk", part), disk], {
          timeoutMs: COPY_FILES_MS,
        });
      await cleanCopy(disk, { uid: null });
      makeParts(disk, null);
      return "copied";
    },
    async mount(directory) {
      const disk = join(directory, "disk");
      if (!existsSync(disk)) throw new Error("the disk is gone");
      openParts(disk);
      return partsOf(disk, null);
    },
    async mountToRead(directory) {
      return join(directory, "disk", "workspace");
    },
    async unmount() {
      // Nothing was mounted.
    },
  };
}

/** Links stay links; neither owners nor extended attributes, and what the file system can share is shared. */
const COPY_FILES = ["-R", "--no-dereference", "--preserve=mode,timestamps,links", "--reflink=auto", "--sparse=auto"];
/** Meanwhile its sandbox can't be woken. */
const COPY_FILES_MS = 5_000;

/**
 * Images in `directory/disk.img`. A blank one is a copy of a template made once per size: a copy of its few written
 * blocks takes a quarter of the time of making a file system.
 */
export function imageDisks(options: { templateDir: string }): Disks {
  const templates = new Map<number, Promise<string>>();

  async function makeTemplate(diskMb: number): Promise<string> {
    mkdirSync(options.templateDir, { recursive: true, mode: 0o700 });
    const path = join(options.templateDir, `${diskMb}.img`);
    const fresh = `${path}.${process.pid}`;
    await rm(fresh, { force: true });
    const fd = openSync(fresh, "wx", 0o600);
    ftruncateSync(fd, diskMb * 1024 * 1024);
    closeSync(fd);
    // Tables are left unwritten (lazy) and stay so (`noinit_itable` below): the image grows only with what is stored.
    await runCommand("mkfs.ext4", [
      "-q",
      "-F",
      "-m",
      "0",
      "-E",
      "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
      fresh,
    ]);
    await rename(fresh, path);
    return path;
  }

  function template(diskMb: number): Promise<string> {
    const known = templates.get(diskMb);
    if (known) return known;
    const making = makeTemplate(diskMb);
    templates.set(diskMb, making);
    // A failure is not kept: the next disk tries again.
    making.catch(() => templates.delete(diskMb));
    return making;
  }

  return {
    quota: true,
    async make(directory, { diskMb }) {
      const image = join(directory, "disk.img");
      await runCommand("cp", ["--sparse=always", await template(diskMb), image]);
      // The parts are made at the first mount, before any process of the sandbox exists.
      await writeFile(join(directory, "blank"), "");
    },
    async mount(directory, mountPoint, { uid, scratchMb }) {
      const disk = join(mountPoint, "disk");
      const scratch = join(mountPoint, "scratch");
      for (const path of [disk, scratch]) mkdirSync(path, { recursive: true });
      const image = join(directory, "disk.img");
      const blankFile = join(directory, "blank");
      const blank = existsSync(blankFile);
      if (!blank) await untilUnused(image);
      const memory = `size=${scratchMb}m,nr_inodes=${SCRATCH_FILES},mode=0711,nosuid,nodev`;
      await runCommand("/bin/sh", ["-ec", MOUNT_SCRIPT, "mount", image, disk, memory, scratch]);
      if (blank) {
        makeParts(disk, uid);
        rmSync(join(disk, "lost+found"), { recursive: true, force: true });
        await rm(blankFile);
      }
      openParts(disk);
      chmodSync(disk, 0o711);
      const memoryDirs = { tmpDir: join(scratch, "tmp"), sharedMemoryDir: join(scratch, "shm") };
      for (const path of Object.values(memoryDirs)) {
        mkdirSync(path);
        chownSync(path, uid, uid);
        chmodSync(path, 0o1777);
      }
      return partsOf(disk, memoryDirs);
    },
    copiesInUse: true,
    async copy(from, { directory, mountPoint, uid }) {
      const image = join(directory, "disk.img");
      const how = await copyImage({ ...from, image: join(from.directory, "disk.img"), target: image });
      const disk = join(mountPoint, "disk");
      for (const path of [disk, join(mountPoint, "scratch")]) mkdirSync(path, { recursive: true });
      try {
        await runCommand("mount", ["-o", DISK_OPTIONS, image, disk]);
        await cleanCopy(disk, { uid });
        makeParts(disk, uid);
      } finally {
        await unmountSoon(unmount, mountPoint);
      }
      return how;
    },
    async mountToRead(directory, mountPoint) {
      // As `mount` makes them, so that `unmount` finds them.
      const disk = join(mountPoint, "disk");
      for (const path of [disk, join(mountPoint, "scratch")]) mkdirSync(path, { recursive: true });
      const image = join(directory, "disk.img");
      await untilUnused(image);
      await runCommand("mount", ["-o", "loop,ro,noload,nosuid,nodev,noatime", image, disk]);
      return join(disk, "workspace");
    },
    unmount,
  };
}

/** Whoever worked in it last may still be on its way out. */
export async function unmountSoon(unmount: Disks["unmount"], mountPoint: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await unmount(mountPoint);
    } catch (error) {
      if (attempt >= 40) throw error;
      await sleep(25);
    }
  }
}

async function unmount(mountPoint: string): Promise<void> {
  if (!existsSync(mountPoint)) return;
  const mounted = await mountsBelow(mountPoint);
  if (mounted.length > 0) await runCommand("umount", mounted);
  // Never recursive: were one still mounted, this would be the agent's files.
  for (const path of ["disk", "scratch", "."]) rmdirSync(join(mountPoint, path));
}

/** A tmpfs takes kernel memory for each file whatever its size, so their number is limited too. */
const SCRATCH_FILES = 32_768;

const DISK_OPTIONS = "loop,nosuid,nodev,noatime,noinit_itable,discard";

const MOUNT_SCRIPT = `
mount -o ${DISK_OPTIONS} "$1" "$2"
mount -t tmpfs -o "$3" scratch "$4"
`;

/**
 * Waits until no loop device has the image: the mounts of a killed predecessor go when its last process has, and an
 * image that is mounted twice is destroyed.
 */
async function untilUnused(path: string): Promise<void> {
  for (let attempt = 0; loopDevicesOf(path).length > 0; attempt++) {
    if (attempt >= 100) throw new Error(`the disk ${path} is still in use`);
    await sleep(50);
  }
}

async function mountsBelow(directory: string): Promise<string[]> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  return mounts.split("\n").flatMap((line) => {
    const path = line.split(" ")[1];
    return path?.startsWith(`${directory}/`) ? [path] : [];
  });
}
