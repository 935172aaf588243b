// A sandbox's disk: a sparse ext4 image with a quota of its own as root, plain directories otherwise. What an agent keeps lies here.
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
} from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "./run-command.ts";

/** The three parts of a disk, as a sandbox mounts them. */
export type DiskParts = { workspaceDir: string; homeDir: string; stateDir: string };

export type Disks = {
  /** Whether the quota in bytes and files holds. */
  quota: boolean;
  /** Makes a blank disk in an existing, empty directory. */
  make(directory: string, options: { diskMb: number; uid: number }): Promise<void>;
  /** Makes a disk usable; `mountPoint` is a directory of ours. */
  mount(directory: string, mountPoint: string): Promise<DiskParts>;
  unmount(mountPoint: string): Promise<void>;
};

const PARTS = ["workspace", "home", "state"] as const;

function partsOf(directory: string): DiskParts {
  return {
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

export function directoryDisks(): Disks {
  return {
    quota: false,
    async make(directory) {
      makeParts(join(directory, "disk"), null);
    },
    async mount(directory) {
      const disk = join(directory, "disk");
      if (!existsSync(disk)) throw new Error("the disk is gone");
      return partsOf(disk);
    },
    async unmount() {
      // Nothing was mounted.
    },
  };
}

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
    async make(directory, { diskMb, uid }) {
      const image = join(directory, "disk.img");
      await runCommand("cp", ["--sparse=always", await template(diskMb), image]);
      // The owner of the parts is written at the first mount, before any process of the sandbox exists.
      await writeFile(join(directory, "owner"), String(uid));
    },
    async mount(directory, mountPoint) {
      mkdirSync(mountPoint, { recursive: true });
      const image = join(directory, "disk.img");
      const owner = join(directory, "owner");
      const blank = existsSync(owner);
      if (!blank) await untilUnused(image);
      await runCommand("mount", ["-o", "loop,nosuid,nodev,noatime,noinit_itable,discard", image, mountPoint]);
      if (blank) {
        makeParts(mountPoint, Number(await readFile(owner, "utf8")));
        rmSync(join(mountPoint, "lost+found"), { recursive: true, force: true });
        await rm(owner);
      }
      chmodSync(mountPoint, 0o711);
      return partsOf(mountPoint);
    },
    async unmount(mountPoint) {
      if (!existsSync(mountPoint)) return;
      if (await isMounted(mountPoint)) await runCommand("umount", [mountPoint]);
      // Never recursive: were it still mounted, this would be the agent's files.
      rmdirSync(mountPoint);
    },
  };
}

/**
 * Waits until no loop device has the image: the mounts of a killed predecessor go when its last process has, and an
 * image that is mounted twice is destroyed.
 */
async function untilUnused(path: string): Promise<void> {
  const image = realpathSync(path);
  for (let attempt = 0; loopImages().includes(image); attempt++) {
    if (attempt >= 100) throw new Error(`the disk ${image} is still in use`);
    await sleep(50);
  }
}

function loopImages(): string[] {
  return readdirSync("/sys/block").flatMap((device) => {
    if (!device.startsWith("loop")) return [];
    try {
      return [readFileSync(`/sys/block/${device}/loop/backing_file`, "utf8").trim()];
    } catch {
      // A loop device without an image has no such file.
      return [];
    }
  });
}

async function isMounted(path: string): Promise<boolean> {
  const mounts = await readFile("/proc/self/mounts", "utf8");
  return mounts.split("\n").some((line) => line.split(" ")[1] === path);
}
