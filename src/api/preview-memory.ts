// What is being written in one session, messages and output of commands: what a late subscriber needs to see it, and which
// previews come too late because the finished event is already there.
import type { PreviewEvent } from "../contract/events.ts";
import { isToolOutput } from "../contract/previews.ts";
import { createOutputMemory } from "./output-memory.ts";
import type { Frame } from "./sse-frame.ts";

/** A longer preview is not kept for late subscribers; the finished event brings it all. */
const MAX_KEPT_CHARACTERS = 200_000;
const FINISHED_KEPT = 64;

export type PreviewMemory = {
  /** Takes a preview in and answers the type of the event that it previews; null: too late, unknown, not to be sent. */
  add(preview: PreviewEvent): string | null;
  /** The log holds this entry now. */
  finish(frame: Frame): void;
  /** Previews that bring a new subscriber up to date. */
  open(types: ReadonlySet<string>): PreviewEvent[];
};

export function createPreviewMemory(): PreviewMemory {
  const messages = new Map<string, { type: "agent.message" | "agent.thinking"; text: string }>();
  const outputs = createOutputMemory();
  const finished: string[] = [];

  function remember(id: string): void {
    finished.push(id);
    if (finished.length > FINISHED_KEPT) finished.shift();
  }

  return {
    add(preview) {
      if (preview.type === "event_start") {
        const { event } = preview;
        if (finished.includes(event.type === "agent.tool_result" ? event.tool_use_id : event.id)) return null;
        if (event.type !== "agent.tool_result") messages.set(event.id, { type: event.type, text: "" });
        else if (!outputs.add({ type: "event_start", event })) return null;
        return event.type;
      }
      if (isToolOutput(preview)) {
        const tooLate = finished.includes(preview.tool_use_id);
        return !tooLate && outputs.add(preview) ? "agent.tool_result" : null;
      }
      const message = messages.get(preview.event_id);
      if (!message) return null;
      if (message.text.length < MAX_KEPT_CHARACTERS) message.text += preview.delta.content.text;
      return message.type;
    },
    finish({ type, previewId }) {
      // A model request that ended without its message takes the previews of it along.
      if (type === "span.model_request_end") {
        for (const id of messages.keys()) remember(id);
        messages.clear();
      } else if (messages.delete(previewId) || outputs.finish(previewId) || CONCLUDING.has(type)) remember(previewId);
    },
    open(types) {
      const previews: PreviewEvent[] = [];
      for (const [id, { type, text }] of messages) {
        if (!types.has(type)) continue;
        previews.push({ type: "event_start", event: { type, id } });
        if (text === "") continue;
        const delta = { type: "content_delta", index: 0, content: { type: "text", text } } as const;
        previews.push({ type: "event_delta", event_id: id, delta });
      }
      return types.has("agent.tool_result") ? [...previews, ...outputs.open()] : previews;
    },
  };
}

/** A preview that comes after one of these is too late. */
const CONCLUDING: ReadonlySet<string> = new Set(["agent.message", "agent.thinking", "agent.tool_result"]);
