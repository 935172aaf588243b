// What goes over an event stream: frames of stored entries with their place in the log, previews without one.
import { type PreviewEvent, toWireEvent } from "../contract/events.ts";
import type { TeamChange } from "../sessions/sessions.ts";

/** An entry of a session's log, as it is read for streams. */
export type LogEntry = {
  seq: number;
  id: string;
  type: string;
  payload: Record<string, unknown>;
  echo: boolean;
  processedAt: Date | null;
};

/** `previewId`: what it concludes, if that was previewed: itself, or the call whose output was. */
export type Frame = { seq: number; previewId: string; type: string; bytes: Buffer };

export const HEARTBEAT = Buffer.from(": heartbeat\n\n");

/**
 * A user event is on the stream twice: where it was accepted (never processed there, also when it is replayed later) and,
 * as an echo, where it entered the conversation.
 */
export function toFrame(entry: LogEntry): Frame {
  const accepted = entry.type.startsWith("user.") && !entry.echo;
  const event = toWireEvent(accepted ? { ...entry, processedAt: null } : entry);
  const { tool_use_id: call } = entry.payload;
  const previewId = entry.type === "agent.tool_result" && typeof call === "string" ? call : entry.id;
  return { seq: entry.seq, previewId, type: entry.type, bytes: toBytes(event, entry.seq) };
}

/** The last frame of a deleted session. Its id is the same from every process: it follows from the session's. */
export function deletedFrame(options: { sessionId: string; seq: number; at: Date }): Frame {
  const eventId = `sevt_${options.sessionId.slice("sesn_".length)}`;
  const event = { id: eventId, type: "session.deleted", processed_at: options.at.toISOString() };
  return { seq: options.seq, previewId: eventId, type: event.type, bytes: toBytes(event, options.seq) };
}

export function previewBytes(data: PreviewEvent): Buffer {
  return Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** The same frame among those of other sessions. Its place is in the data: the stream's own ids are those of the team's changes. */
export function inSession(sessionId: string, { seq, type, bytes }: Frame): Buffer {
  const data = bytes.subarray(headOf(type, seq).length, -2);
  return Buffer.concat([Buffer.from(sessionHead(sessionId, seq)), data, Buffer.from("}\n\n")]);
}

export function previewInSession(sessionId: string, data: PreviewEvent): Buffer {
  return Buffer.from(`${sessionHead(sessionId, null)}${JSON.stringify(data)}}\n\n`);
}

/** Of the team's stream: a session's newest state, or that it was deleted; of other things only that they changed. */
export function changeBytes(change: TeamChange): Buffer {
  const { id } = change;
  if (change.kind !== "session") return typedBytes({ type: `${change.kind}_changed`, id });
  return typedBytes(
    change.session ? { type: "session_changed", session: change.session } : { type: "session_deleted", id },
  );
}

/** Of the team's stream: read the list now, what comes next are changes to it. */
export const resyncBytes = (reason: string) => typedBytes({ type: "resync", reason });

/** Of the team's stream: why the events of one session do not come. */
export function refusedBytes(sessionId: string, error: { type: string; message: string }): Buffer {
  return typedBytes({ type: "session_refused", session_id: sessionId, error });
}

/** Of the team's stream: what a session's log held when the stream began is through. */
export function caughtUpBytes(sessionId: string, seq: number): Buffer {
  return typedBytes({ type: "session_caught_up", session_id: sessionId, seq });
}

/** The last frame of a stream whose key was revoked, or whose browser was logged out. */
export const errorBytes = (body: object) => typedBytes({ ...body, type: "error" });

function typedBytes(data: { type: string } & Record<string, unknown>): Buffer {
  return Buffer.from(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
}

/** Type, digits and ids are ASCII: as many bytes as characters. */
const headOf = (type: string, seq: number) => `event: ${type}\nid: ${seq}\ndata: `;
const sessionHead = (sessionId: string, seq: number | null) =>
  `event: session_event\ndata: {"type":"session_event","session_id":${JSON.stringify(sessionId)},"seq":${seq},"event":`;

function toBytes(event: Record<string, unknown>, seq: number): Buffer {
  return Buffer.from(`${headOf(String(event.type), seq)}${JSON.stringify(event)}\n\n`);
}
