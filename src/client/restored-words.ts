// The receipt of a restore in a sentence or two. Each file that did not come back is in the event's details.
import type { SessionRestoredEvent } from "../contract/events.ts";

/** What happened, as a headline. */
export function restoredTitle({ reason, snapshot_id, left_because }: SessionRestoredEvent): string {
  if (left_because !== undefined) return `Its files stay as they are: ${left_because.replace(/\.$/, "")}`;
  switch (reason) {
    case "lost":
      return snapshot_id === null
        ? "The sandbox's disk was lost, and no files had been kept"
        : "The sandbox's disk was lost; its files are back";
    case "rewind":
      return snapshot_id === null ? "The workspace is empty, as it was then" : "Its files went back, too";
    case "fork":
      return snapshot_id === null ? "No files had been kept from then" : "Its files came along";
  }
}

export function restoredWords(event: SessionRestoredEvent): string {
  const title = `${restoredTitle(event)}.`;
  if (event.taken_at === null) return title;
  const files = event.files === 1 ? "Its one file is" : `Its ${event.files} files are`;
  const back = `${title} ${files} as of ${new Date(event.taken_at).toLocaleString()}`;
  const missing = [
    ...(event.refused_count > 0 ? [`${event.refused_count} could not be brought back`] : []),
    ...(event.left_out_count > 0 ? [`${event.left_out_count} had not been kept`] : []),
  ];
  return missing.length === 0 ? `${back}, each checked.` : `${back}, except: ${missing.join(", ")}.`;
}
