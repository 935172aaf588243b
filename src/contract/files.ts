// Files of a session's sandbox, and the sandbox itself. Berth's own addition beside the Managed Agents API.
import { z } from "zod";

const path = z.string().min(1, "is required").max(4096);

export const filePathQuery = z.strictObject({
  /** Absolute, in /workspace or /home/agent; or relative to /workspace. */
  path,
});
export const listFilesQuery = z.strictObject({
  /** A directory; absent: /workspace. */
  path: path.optional(),
});

export const sandboxObject = z.strictObject({
  type: z.literal("sandbox"),
  session_id: z.string(),
  /** `none`: no tool has run and nobody has uploaded a file yet. */
  state: z.enum(["none", "running", "hibernated"]),
  last_used_at: z.iso.datetime().nullable(),
  /** Files are being brought back: `lost`, at its next use, after its disk was; after a `rewind`; into a `fork`. Null: none are. */
  restore: z
    .strictObject({
      reason: z.enum(["lost", "rewind", "fork"]),
      requested_at: z.iso.datetime(),
      /** Null: to an empty workspace, or not known yet. */
      snapshot_id: z.string().nullable(),
      files: z.int(),
      /** What has to be written; null before that is known. */
      total_files: z.int().nullable(),
      bytes: z.number(),
      total_bytes: z.number().nullable(),
      /** Why it can't be done right now; it is tried again. */
      problem: z.string().nullable(),
    })
    .nullable(),
});
export type SandboxStatus = z.infer<typeof sandboxObject>;

export const fileEntry = z.strictObject({
  type: z.literal("file_entry"),
  name: z.string(),
  /** Where it is, as the other routes take it. */
  path: z.string(),
  kind: z.enum(["file", "directory", "symlink", "other"]),
  size_bytes: z.number(),
  modified_at: z.iso.datetime(),
});
export type FileEntry = z.infer<typeof fileEntry>;

/** `truncated`: the directory holds more entries than are listed. */
export const fileList = z.strictObject({ path: z.string(), data: z.array(fileEntry), truncated: z.boolean() });
export type FileList = z.infer<typeof fileList>;

export const writtenFile = z.strictObject({
  type: z.literal("file_written"),
  path: z.string(),
  size_bytes: z.number(),
});
export type WrittenFile = z.infer<typeof writtenFile>;
