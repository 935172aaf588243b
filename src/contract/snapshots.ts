// Snapshots of a session's files. Berth's own addition beside the Managed Agents API.
import { z } from "zod";
import { listQuery } from "./fields.ts";

/** `paths`: the first hundred at most, as the routes of files take them, and fewer when they are long; `count` is of all. */
const changedFiles = z.strictObject({ count: z.int(), paths: z.array(z.string()) });

/**
 * Files, symbolic links too, that are different. `changed`: other content, permissions or target; one that was only touched is the same.
 * `since`: the snapshot that the sandbox's files were last found to be, or were restored to, before this one, and when that was by the session's
 * log and by the clock; null for the first one, in which everything is added.
 */
const snapshotChanges = z.strictObject({
  since: z.strictObject({ snapshot_id: z.string(), seq: z.int(), at: z.iso.datetime() }).nullable(),
  added: changedFiles,
  changed: changedFiles,
  removed: changedFiles,
});
export type SnapshotChanges = z.infer<typeof snapshotChanges>;

/** A snapshot is listed once it is whole: there are none that are half taken. */
export const snapshotObject = z.strictObject({
  type: z.literal("snapshot"),
  id: z.string(),
  session_id: z.string(),
  /** `current`: the files of the sandbox were last taken to it, or restored from it. */
  state: z.enum(["current", "earlier"]),
  /** `idle`: before the sandbox slept · `turn`: after a turn · `request`: somebody asked · `rewind`: before its files were set back. */
  reason: z.enum(["idle", "turn", "request", "rewind"]),
  created_at: z.iso.datetime(),
  /** When the files were last found to be just these. */
  checked_at: z.iso.datetime(),
  /** Where the session's log ended then: the number of its last event. */
  seq: z.int(),
  /** The same at `checked_at`. */
  checked_seq: z.int(),
  /** The last `user.message` before it; null when there was none. */
  after_event_id: z.string().nullable(),
  files: z.int(),
  size_bytes: z.number(),
  /** What of it the store did not have yet, compressed. */
  new_bytes: z.number(),
  /** Files, and what is no file, that could not be kept. */
  left_out: z.int(),
  /** Null when it is not known: an earlier release took it, or what was before could not be read. */
  changes: snapshotChanges.nullable(),
});
export type Snapshot = z.infer<typeof snapshotObject>;

/** Newest first unless `order=asc`. */
export const snapshotsQuery = z.strictObject({ ...listQuery, order: z.enum(["asc", "desc"]).optional() });
export type SnapshotsQuery = z.infer<typeof snapshotsQuery>;

/**
 * `done`: the sandbox sleeps, and `snapshot` is all that is on its disk · `requested`: a worker takes it within some ten seconds. It is there
 * when the newest of the list has a `checked_at` of `requested_at` or later: files that did not change get no snapshot of their own.
 */
export const snapshotRequest = z.strictObject({
  type: z.literal("snapshot_request"),
  session_id: z.string(),
  state: z.enum(["requested", "done"]),
  requested_at: z.iso.datetime(),
  snapshot: snapshotObject.nullable(),
});
export type SnapshotRequest = z.infer<typeof snapshotRequest>;
