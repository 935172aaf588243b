// What is told of files that came back from a snapshot: to the model in words, to everybody else as an event of the log.
import type { SessionRestoredEvent } from "../contract/events.ts";
import type { BroughtBack } from "./bring-back-files.ts";

const MAX_NAMED = 20;

/** Of a disk that was lost. */
function lossNotice(restored: RestoredPayload): string {
  const { snapshot_id, taken_at, written_files, files, refused, refused_count, left_out, left_out_count } = restored;
  if (snapshot_id === null)
    return "Notice: the sandbox of this session was lost and a new, empty one was made. Files in /workspace and /home/agent from before are gone.";
  return [
    "Notice: the sandbox of this session was lost and a new one was made.",
    `Its files in /workspace and /home/agent are back as they were at ${taken_at}: ${written_files} of ${files} files. What was changed after that is lost, and no process runs any more.`,
    ...(refused_count > 0 ? [`${refused_count} could not be brought back: ${named(refused)}.`] : []),
    ...(left_out_count > 0 ? [`${left_out_count} could not be kept: ${named(left_out)}.`] : []),
  ].join(" ");
}

function named(list: readonly { path: string; why: string }[]): string {
  const shown = list.slice(0, MAX_NAMED).map(({ path, why }) => `${JSON.stringify(path)} (${why})`);
  return `${shown.join(", ")}${list.length > MAX_NAMED ? " …" : ""}`;
}

export type RestoredPayload = Omit<SessionRestoredEvent, "id" | "type" | "processed_at">;

/** For the model; it knows of the conversation, but not of what became of the disk. */
export function restoredNotice(restored: RestoredPayload): string {
  if (restored.reason === "lost") return lossNotice(restored);
  if (restored.left_because !== undefined)
    return `${FILES_WENT_NOWHERE} since they could not be kept first (${restored.left_because}).`;
  const { reason, snapshot_id, taken_at, exact, refused, refused_count, left_out, left_out_count } = restored;
  const what =
    reason === "fork"
      ? "Notice: this session goes on in a sandbox of its own."
      : "Notice: the conversation went back to an earlier place, and so did the sandbox.";
  const state =
    snapshot_id === null
      ? reason === "fork"
        ? "No files had been kept from before, so /workspace and /home/agent are empty."
        : "/workspace and /home/agent are empty, as they were then."
      : `/workspace and /home/agent are as they were at ${taken_at}.`;
  return [
    `${what} ${state} No process of before runs any more.`,
    ...(exact ? [] : ["What the last tools before that place changed may be missing: look before you rely on it."]),
    ...(refused_count > 0 ? [`${refused_count} could not be brought back: ${named(refused)}.`] : []),
    ...(left_out_count > 0 ? [`${left_out_count} could not be kept: ${named(left_out)}.`] : []),
  ].join(" ");
}

const FILES_WENT_NOWHERE =
  "Notice: the conversation went back to an earlier place, but /workspace and /home/agent are as they were last,";

/** For the model, after a rewind that left the files alone. */
export const FILES_LEFT =
  "Notice: the conversation went back to an earlier place, but no files had been kept from then: /workspace and /home/agent are as they were last.";

/** Of a disk that was lost before any snapshot had been taken. */
export const NOTHING_CAME_BACK: RestoredPayload = {
  reason: "lost",
  snapshot_id: null,
  taken_at: null,
  files: 0,
  total_bytes: 0,
  written_files: 0,
  written_bytes: 0,
  same_files: 0,
  removed: 0,
  checked_files: 0,
  refused: [],
  refused_count: 0,
  left_out: [],
  left_out_count: 0,
  changed_count: 0,
  duration_ms: 0,
};

export function toRestoredPayload({ reason, exact, receipt, leftBecause }: BroughtBack): RestoredPayload {
  return {
    reason,
    exact,
    ...(leftBecause === undefined ? {} : { left_because: leftBecause }),
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
