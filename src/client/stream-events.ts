// Follows a session's event stream through broken connections, without a gap and without a repetition.
import type { StreamEvent } from "../contract/events.ts";
import { createSseParser } from "../lib/sse.ts";
import { ApiError, readApiError } from "./api-error.ts";
import { sessionPath } from "./sessions.ts";
import type { Transport } from "./transport.ts";

/** `seq` is the event's place in the log; null for previews, which have none. */
export type StreamedEvent = { seq: number | null; event: StreamEvent };

/** `waiting`: the connection was lost and is tried again after a pause. */
export type ConnectionState = "connecting" | "open" | "waiting" | "closed";

export type StreamOptions = {
  sessionId: string;
  /** Gives the events after this place in the log, then the new ones; 0 gives all, null only new ones. */
  after: number | null;
  /** Asks for previews of messages and thinking while they are written. */
  deltas: boolean;
  signal: AbortSignal;
  /** Events that arrived together, in order. */
  onEvents: (events: StreamedEvent[]) => void;
  onState?: (state: ConnectionState, error: unknown) => void;
};

const FIRST_PAUSE_MS = 300;
const MAX_PAUSE_MS = 5_000;
/** The server sends a heartbeat more often than this; a silent connection is dead. */
const SILENCE_LIMIT_MS = 60_000;

/** Ends when the signal is aborted or the session is deleted; throws what a new attempt cannot mend (401, 403, 404). */
export async function streamEvents(transport: Transport, options: StreamOptions): Promise<void> {
  const { signal, onState } = options;
  let after = options.after;
  let failures = 0;
  while (!signal.aborted) {
    onState?.("connecting", null);
    let lost: unknown = null;
    try {
      const deleted = await readConnection(transport, options, after, (seq) => {
        after = seq;
        failures = 0;
      });
      if (deleted) break;
    } catch (error) {
      if (signal.aborted) break;
      if (error instanceof ApiError && error.status < 500 && error.status !== 429 && error.status !== 408) {
        onState?.("closed", error);
        throw error;
      }
      lost = error;
    }
    if (signal.aborted) break;
    onState?.("waiting", lost);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** failures++, MAX_PAUSE_MS);
    await transport.clock.sleep(pauseMs * (0.75 + Math.random() / 2), signal).catch(() => null);
  }
  onState?.("closed", null);
}

/** Reads one connection to its end; true when the session is gone for good. */
async function readConnection(
  transport: Transport,
  options: StreamOptions,
  after: number | null,
  onSeq: (seq: number) => void,
): Promise<boolean> {
  const silence = createSilenceWatch();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  try {
    const response = await transport.send("GET", `${sessionPath(options.sessionId)}/events/stream`, {
      ...(options.deltas ? { query: { event_deltas: ["agent.message", "agent.thinking"] } } : {}),
      headers: { accept: "text/event-stream", ...(after === null ? {} : { "last-event-id": String(after) }) },
      signal,
    });
    if (!response.ok) throw await readApiError(response);
    options.onState?.("open", null);
    const parser = createSseParser();
    for await (const chunk of readChunks(response)) {
      silence.heard();
      const events: StreamedEvent[] = [];
      for (const frame of parser.push(chunk)) {
        const seq = frame.id === null ? null : Number.parseInt(frame.id, 10);
        const streamed = toStreamedEvent(frame.event, frame.data, seq);
        if (streamed) events.push(streamed);
        if (seq !== null) onSeq(seq);
      }
      if (events.length > 0) options.onEvents(events);
      if (events.some(({ event }) => event.type === "session.deleted")) return true;
    }
    return false;
  } finally {
    silence.stop();
  }
}

function toStreamedEvent(name: string, data: string, seq: number | null): StreamedEvent | null {
  if (name === "ping") return null;
  const parsed: unknown = JSON.parse(data);
  if (name === "error") throw new Error(`the stream ended with an error: ${data}`);
  // Whatever has a type is an event of the API; types that this release does not know are the reader's to skip.
  const known = typeof parsed === "object" && parsed !== null && "type" in parsed;
  return known ? { seq, event: parsed as StreamEvent } : null;
}

async function* readChunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // The connection may be broken already; there is nothing left to close then.
    await reader.cancel().catch(() => null);
  }
}

function createSilenceWatch(): { signal: AbortSignal; heard(): void; stop(): void } {
  const controller = new AbortController();
  const start = () => setTimeout(() => controller.abort(new Error("the stream was silent")), SILENCE_LIMIT_MS);
  let timer = start();
  return {
    signal: controller.signal,
    heard() {
      clearTimeout(timer);
      timer = start();
    },
    stop: () => clearTimeout(timer),
  };
}
