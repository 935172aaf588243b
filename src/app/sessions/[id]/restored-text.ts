// The receipt of a restore in a sentence or two. Each file that did not come back is in the event's details.
import type { SessionRestoredEvent } from "../../../contract/events.ts";

export function restoredText(event: SessionRestoredEvent): string {
  const files = event.files === 1 ? "Its one file is" : `Its ${event.files} files are`;
  const back = `The sandbox's disk was lost. ${files} back as of ${new Date(event.taken_at).toLocaleString()}`;
  const missing = [
    ...(event.refused_count > 0 ? [`${event.refused_count} could not be brought back`] : []),
    ...(event.left_out_count > 0 ? [`${event.left_out_count} had not been kept`] : []),
  ];
  return missing.length === 0 ? `${back}, each checked.` : `${back}, except: ${missing.join(", ")}.`;
}
