// A copy of a disk image as it was at one moment, also of one that is in use, without holding up whoever uses it.
import { constants, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "./run-command.ts";

/** Of all attempts together. Longer, and files from their snapshot are there as soon. */
const COPY_MS = 60_000;
const SYNC_MS = 30_000;
/** Whoever writes without a pause is not copied; one who has just ended writing is. */
const ATTEMPTS = 3;
const PAUSE_MS = 100;

type ImageCopy = {
  image: string;
  target: string;
  /** Where the image is mounted; null: it is not. */
  mountedAt: string | null;
  /** More is not copied. What is shared takes no room, however large it is. */
  maxBytes: number;
};

/** `shared`: the file system keeps what is the same once (btrfs, XFS). Throws when neither is possible. */
export async function copyImage({ image, target, mountedAt, maxBytes }: ImageCopy): Promise<"shared" | "copied"> {
  // What was written so far is in the image, and little is left for the file system below to write while it shares.
  if (mountedAt !== null) await runCommand("sync", ["--file-system", mountedAt], { timeoutMs: SYNC_MS });
  if (await share(image, target)) return "shared";
  const { blocks } = statSync(image);
  if (blocks * 512 > maxBytes) throw new Error(`it takes ${blocks * 512} bytes, of which few are wanted`);
  const deadline = Date.now() + COPY_MS;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = lookAt(image);
    if (before !== null) {
      await runCommand("cp", ["--sparse=always", "--reflink=never", image, target], {
        timeoutMs: Math.max(1, deadline - Date.now()),
      });
      if (lookAt(image) === before) return "copied";
    }
    await sleep(PAUSE_MS);
  }
  throw new Error("it is being written to");
}

/**
 * At one moment, between two writes: what a journaling file system makes whole again as after a power failure. False: the file system
 * below can't.
 */
async function share(image: string, target: string): Promise<boolean> {
  try {
    await copyFile(image, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch {
    // Not supported there, or not for this file: a copy that fails as well tells why.
    rmSync(target, { force: true });
    return false;
  }
}

/**
 * What is different as soon as anybody has written to the image. Null while somebody does. A file's times alone do not tell: they go in
 * steps of some milliseconds, and are set before what they stand for is written.
 */
function lookAt(image: string): string | null {
  const { ino, size, mtimeNs, ctimeNs } = statSync(image, { bigint: true });
  const devices = loopDevicesOf(image).map((device) => {
    const [, writing] = numbersOf(device, "inflight");
    if (writing !== 0) return null;
    const counts = numbersOf(device, "stat");
    // Writes and discards that are through, and their sectors: see the kernel's documentation of block/stat.
    return [device, counts[4], counts[6], counts[11], counts[13]].join(" ");
  });
  return devices.includes(null) ? null : [ino, size, mtimeNs, ctimeNs, ...devices].join(" ");
}

function numbersOf(device: string, file: string): number[] {
  return readFileSync(`/sys/block/${device}/${file}`, "utf8").trim().split(/\s+/).map(Number);
}

/** Names of the loop devices that have an image, `loop3`. */
export function loopDevicesOf(path: string): string[] {
  const image = realpathSync(path);
  return readdirSync("/sys/block").filter((device) => {
    if (!device.startsWith("loop")) return false;
    try {
      return readFileSync(`/sys/block/${device}/loop/backing_file`, "utf8").trim() === image;
    } catch {
      // A loop device without an image has no such file.
      return false;
    }
  });
}
