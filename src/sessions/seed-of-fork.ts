// Whether the first disk of a fork begins as a copy of its source's. That saves time only: what is on it is brought to the fork's snapshot as any other disk is.
import type { Database } from "../db/database.ts";
import { findForkToFill } from "../db/restores.ts";
import type { SandboxSeed } from "../sandboxes/sandbox.ts";

/** Less is there sooner from its snapshot, in a sandbox that is ready. */
const MIN_BYTES = 32 * 1024 * 1024;
const MIN_FILES = 1_000;

export async function seedOf(db: Database, { sessionId }: { sessionId: string }): Promise<SandboxSeed | null> {
  const fork = await findForkToFill(db, { sessionId });
  if (!fork || (fork.totalBytes < MIN_BYTES && fork.files < MIN_FILES)) return null;
  return { name: fork.sourceId, wantedBytes: fork.totalBytes };
}
