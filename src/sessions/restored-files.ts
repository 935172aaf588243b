// What is told of files that came back from a snapshot: to the model in words, to everybody else as an event of the log.
import type { SessionRestoredEvent } from "../contract/events.ts";
import type { Receipt } from "../snapshots/restore-snapshot.ts";

const MAX_NAMED = 20;

/** Null: no snapshot had ever been taken. */
export function lossNotice(receipt: Receipt | null): string {
  if (!receipt)
    return "Notice: the sandbox of this session was lost and a new, empty one was made. Files in /workspace and /home/agent from before are gone.";
  const { refused, refusedCount, leftOut, leftOutCount } = receipt;
  return [
    "Notice: the sandbox of this session was lost and a new one was made.",
    `Its files in /workspace and /home/agent are back as they were at ${receipt.takenAt}: ${receipt.writtenFiles} of ${receipt.files} files. What was changed after that is lost, and no process runs any more.`,
    ...(refusedCount > 0 ? [`${refusedCount} could not be brought back: ${named(refused)}.`] : []),
    ...(leftOutCount > 0 ? [`${leftOutCount} could not be kept: ${named(leftOut)}.`] : []),
  ].join(" ");
}

function named(list: readonly { path: string; why: string }[]): string {
  const shown = list.slice(0, MAX_NAMED).map(({ path, why }) => `${JSON.stringify(path)} (${why})`);
  return `${shown.join(", ")}${list.length > MAX_NAMED ? " …" : ""}`;
}

export function toRestoredPayload(receipt: Receipt): Omit<SessionRestoredEvent, "id" | "type" | "processed_at"> {
  return {
    reason: "lost",
    snapshot_id: receipt.snapshotId,
    taken_at: receipt.takenAt,
    files: receipt.files,
    total_bytes: receipt.totalBytes,
    written_files: receipt.writtenFiles,
    written_bytes: receipt.writtenBytes,
    same_files: receipt.sameFiles,
    removed: receipt.removed,
    checked_files: receipt.checkedFiles,
    refused: receipt.refused,
    refused_count: receipt.refusedCount,
    left_out: receipt.leftOut,
    left_out_count: receipt.leftOutCount,
    changed_count: receipt.changedCount,
    duration_ms: receipt.durationMs,
  };
}
