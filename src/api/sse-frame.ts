// What goes over an event stream: frames of stored entries with their place in the log, previews without one.
import { toWireEvent } from "../contract/events.ts";

/** An entry of a session's log, as it is read for streams. */
export type LogEntry = {
  seq: number;
  id: string;
  type: string;
  payload: Record<string, unknown>;
  echo: boolean;
  processedAt: Date | null;
};

export type Frame = { seq: number; eventId: string; type: string; bytes: Buffer };

export const HEARTBEAT = Buffer.from(": heartbeat\n\n");

/**
 * A user event is on the stream twice: where it was accepted (never processed there, also when it is replayed later) and,
 * as an echo, where it entered the conversation.
 */
export function toFrame(entry: LogEntry): Frame {
  const accepted = entry.type.startsWith("user.") && !entry.echo;
  const event = toWireEvent(accepted ? { ...entry, processedAt: null } : entry);
  return { seq: entry.seq, eventId: entry.id, type: entry.type, bytes: toBytes(event, entry.seq) };
}

/** The last frame of a deleted session. Its id is the same from every process: it follows from the session's. */
export function deletedFrame(options: { sessionId: string; seq: number; at: Date }): Frame {
  const eventId = `sevt_${options.sessionId.slice("sesn_".length)}`;
  const event = { id: eventId, type: "session.deleted", processed_at: options.at.toISOString() };
  return { seq: options.seq, eventId, type: event.type, bytes: toBytes(event, options.seq) };
}

export function previewBytes(data: Record<string, unknown>): Buffer {
  return Buffer.from(`event: ${String(data.type)}\ndata: ${JSON.stringify(data)}\n\n`);
}

function toBytes(event: Record<string, unknown>, seq: number): Buffer {
  return Buffer.from(`event: ${String(event.type)}\nid: ${seq}\ndata: ${JSON.stringify(event)}\n\n`);
}
