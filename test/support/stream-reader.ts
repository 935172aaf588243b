// A client of the event stream that notes every frame and can be cut off at any time.
import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { createSseParser } from "../../src/lib/sse.ts";

export type ReceivedFrame = { id: number | null; type: string; data: Record<string, unknown> };
export type StreamReader = {
  readonly frames: ReceivedFrame[];
  /** Resolves when the server has accepted the stream; rejects with the status when it refuses. */
  opened: Promise<IncomingMessage>;
  /** Resolves when the connection has ended, however. */
  ended: Promise<void>;
  cut(): void;
};

export function readStream(options: {
  url: string;
  sessionId: string;
  apiKey: string;
  /** Last-Event-ID; absent: from now on. */
  after?: number;
  deltas?: string[];
  onFrame?: (frame: ReceivedFrame) => void;
}): StreamReader {
  const frames: ReceivedFrame[] = [];
  const opened = Promise.withResolvers<IncomingMessage>();
  const ended = Promise.withResolvers<void>();
  const query = (options.deltas ?? []).map((type) => `event_deltas[]=${type}`).join("&");
  const headers: Record<string, string> = { "x-api-key": options.apiKey };
  if (options.after !== undefined) headers["last-event-id"] = String(options.after);
  const request: ClientRequest = get(`${options.url}/v1/sessions/${options.sessionId}/events/stream?${query}`, {
    headers,
    agent: false,
  });
  request.on("response", (response) => {
    if (response.statusCode !== 200) {
      opened.reject(new Error(`status ${response.statusCode}`));
      response.resume();
    }
    const parser = createSseParser();
    response.on("data", (chunk: Buffer) => {
      // The first bytes say that the subscription stands.
      opened.resolve(response);
      for (const frame of parser.push(chunk)) {
        const received = {
          id: frame.id === null ? null : Number(frame.id),
          type: frame.event,
          data: JSON.parse(frame.data),
        };
        frames.push(received);
        options.onFrame?.(received);
      }
    });
    response.on("close", () => ended.resolve());
    response.on("error", () => ended.resolve());
  });
  request.on("error", (error) => {
    opened.reject(error);
    ended.resolve();
  });
  opened.promise.catch(() => undefined);
  return { frames, opened: opened.promise, ended: ended.promise, cut: () => request.destroy() };
}
