// Messages that are being written in one session: what a late subscriber needs to see them from their beginning, and
// which previews come too late because the finished event is already there.
import type { Frame } from "./sse-frame.ts";

/** A longer preview is not kept for late subscribers; the finished event brings it all. */
const MAX_KEPT_CHARACTERS = 200_000;
const FINISHED_KEPT = 64;

export type PreviewMemory = {
  /** Takes a preview in and answers the type of the event that it previews; null: too late, unknown, not to be sent. */
  add(data: Record<string, unknown>): string | null;
  /** The log holds this entry now. */
  finish(frame: Frame): void;
  /** Previews that bring a new subscriber up to date. */
  open(types: ReadonlySet<string>): Record<string, unknown>[];
};

export function createPreviewMemory(): PreviewMemory {
  const started = new Map<string, { type: string; text: string }>();
  const finished: string[] = [];

  function start(id: string, type: string): string | null {
    if (finished.includes(id)) return null;
    started.set(id, { type, text: "" });
    return type;
  }

  return {
    add(data) {
      const { event, delta } = data;
      if (
        data.type === "event_start" &&
        isRecord(event) &&
        typeof event.id === "string" &&
        typeof event.type === "string"
      )
        return start(event.id, event.type);
      if (data.type !== "event_delta" || typeof data.event_id !== "string") return null;
      const entry = started.get(data.event_id);
      if (!entry) return null;
      const content = isRecord(delta) ? delta.content : null;
      if (isRecord(content) && typeof content.text === "string" && entry.text.length < MAX_KEPT_CHARACTERS)
        entry.text += content.text;
      return entry.type;
    },
    finish(frame) {
      // A model request that ended without its message takes the previews of it along.
      if (frame.type === "span.model_request_end") {
        for (const id of started.keys()) remember(id);
        started.clear();
      } else if (started.delete(frame.eventId) || frame.type === "agent.message" || frame.type === "agent.thinking")
        remember(frame.eventId);
    },
    open(types) {
      const previews: Record<string, unknown>[] = [];
      for (const [id, { type, text }] of started) {
        if (!types.has(type)) continue;
        previews.push({ type: "event_start", event: { type, id } });
        if (text === "") continue;
        const delta = { type: "content_delta", index: 0, content: { type: "text", text } };
        previews.push({ type: "event_delta", event_id: id, delta });
      }
      return previews;
    },
  };

  function remember(id: string): void {
    finished.push(id);
    if (finished.length > FINISHED_KEPT) finished.shift();
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
