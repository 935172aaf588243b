// How much room a directory takes on its disk.
import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

/** Bytes on disk, sparse files by what they take. What may not be read, or is gone meanwhile, is left out. Links are not followed. */
export async function directorySize(path: string): Promise<number> {
  let bytes = 0;
  const waiting = [path];
  for (let directory = waiting.pop(); directory !== undefined; directory = waiting.pop()) {
    for await (const name of namesIn(directory)) {
      const place = join(directory, name);
      const stat = await lstat(place).catch(() => null);
      if (!stat) continue;
      if (stat.isDirectory()) waiting.push(place);
      bytes += stat.blocks * 512;
    }
  }
  return bytes;
}

async function* namesIn(directory: string): AsyncGenerator<string> {
  try {
    for await (const entry of await opendir(directory)) yield entry.name;
  } catch {
    // Not ours to read, or removed while we looked.
  }
}
