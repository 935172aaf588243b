// Follows any of the API's event streams through broken connections: what is asked for anew each time is the caller's to say.
import { PREVIEWED_TYPES } from "../contract/previews.ts";
import { createSseParser, type SseFrame } from "../lib/sse.ts";
import { ApiError, readApiError } from "./api-error.ts";
import type { Transport } from "./transport.ts";

/** `waiting`: the connection was lost and is tried again after a pause. */
export type ConnectionState = "connecting" | "open" | "waiting" | "closed";

export type FollowOptions = {
  path: string;
  /** For the next connection: from where it goes on. */
  request: () => { query?: Record<string, readonly string[]>; headers: Record<string, string> };
  signal: AbortSignal;
  /** Frames that arrived together, heartbeats left out. True: this is the end, for good. */
  onFrames: (frames: SseFrame[]) => boolean;
  onState?: ((state: ConnectionState, error: unknown) => void) | undefined;
};

/** The previews that a reader of a session can ask for: all that there are. */
export const EVENT_DELTAS: readonly string[] = PREVIEWED_TYPES;

const FIRST_PAUSE_MS = 300;
const MAX_PAUSE_MS = 5_000;
/** The server sends a heartbeat more often than this; a silent connection is dead. */
const SILENCE_LIMIT_MS = 60_000;

/** Ends when the signal is aborted or `onFrames` says so; throws what a new attempt cannot mend (401, 403, 404). */
export async function followStream(transport: Transport, options: FollowOptions): Promise<void> {
  const { signal, onState } = options;
  let failures = 0;
  while (!signal.aborted) {
    onState?.("connecting", null);
    let lost: unknown = null;
    try {
      const ended = await readConnection(transport, options, () => {
        failures = 0;
      });
      if (ended) break;
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

/** Reads one connection to its end; true when there is nothing to come back for. */
async function readConnection(transport: Transport, options: FollowOptions, onProgress: () => void): Promise<boolean> {
  const silence = createSilenceWatch();
  const signal = AbortSignal.any([options.signal, silence.signal]);
  try {
    const { query, headers } = options.request();
    const response = await transport.send("GET", options.path, {
      ...(query ? { query } : {}),
      headers: { accept: "text/event-stream", ...headers },
      signal,
    });
    if (!response.ok) throw await readApiError(response);
    options.onState?.("open", null);
    const parser = createSseParser();
    for await (const chunk of readChunks(response)) {
      silence.heard();
      const frames = parser.push(chunk).filter((frame) => frame.event !== "ping");
      const failed = frames.find((frame) => frame.event === "error");
      if (failed) throw new Error(`the stream ended with an error: ${failed.data}`);
      if (frames.length === 0) continue;
      if (options.onFrames(frames)) return true;
      if (frames.some((frame) => frame.id !== null)) onProgress();
    }
    return false;
  } finally {
    silence.stop();
  }
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
