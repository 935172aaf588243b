// The smallest client of the API: raw node:http, so that what is measured is the server.
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import { createSseParser } from "../src/lib/sse.ts";

export type StreamedEvent = { seq: number; type: string; event: Record<string, unknown>; atMs: number };

export type Berth = {
  post(path: string, body: unknown): Promise<Record<string, unknown>>;
  /** The same with a body that is ready to be sent. */
  postText(path: string, text: string): Promise<Record<string, unknown>>;
  /** Resolves when the stream is open; `onEvent` gets every stored event after `after`, or every new one (null). */
  follow(sessionId: string, after: number | null, onEvent: (event: StreamedEvent) => void): Promise<Stream>;
  close(): void;
};
type Stream = { close(): void; readonly ended: Promise<void> };

export function createBerth(options: { url: string; apiKey: string }): Berth {
  const agent = new Agent({ keepAlive: true });
  const streamAgent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
  const headers = { "x-api-key": options.apiKey };

  const berth: Berth = {
    post: (path, body) => berth.postText(path, JSON.stringify(body)),

    async postText(path, text) {
      const outgoing = request(`${options.url}${path}`, {
        method: "POST",
        agent,
        headers: { ...headers, "content-type": "application/json" },
      });
      outgoing.end(text);
      const response = await responseOf(outgoing);
      const answer = await readText(response);
      if (response.statusCode !== undefined && response.statusCode < 300) return JSON.parse(answer);
      throw new Error(`POST ${path} answered ${response.statusCode}: ${answer.slice(0, 500)}`);
    },

    async follow(sessionId, after, onEvent) {
      const outgoing = request(`${options.url}/v1/sessions/${sessionId}/events/stream`, {
        agent: streamAgent,
        headers: {
          ...headers,
          accept: "text/event-stream",
          ...(after === null ? {} : { "last-event-id": `${after}` }),
        },
      });
      outgoing.end();
      const response = await responseOf(outgoing);
      if (response.statusCode !== 200) {
        throw new Error(`the stream answered ${response.statusCode}: ${(await readText(response)).slice(0, 500)}`);
      }
      const parser = createSseParser();
      response.on("data", (chunk: Buffer) => {
        const atMs = performance.now();
        for (const frame of parser.push(chunk)) {
          if (frame.id === null) continue;
          const event = JSON.parse(frame.data);
          onEvent({ seq: Number(frame.id), type: event.type, event, atMs });
        }
      });
      const ended = new Promise<void>((resolve) => response.once("close", resolve));
      // Closing the stream from this side ends it with an error that says only that.
      response.on("error", () => undefined);
      return { close: () => outgoing.destroy(), ended };
    },

    close() {
      agent.destroy();
      streamAgent.destroy();
    },
  };
  return berth;
}

/** Waits for an event of one session that `accepts` takes, with everything that came before it. */
export function createWaiter(): {
  readonly events: StreamedEvent[];
  onEvent(event: StreamedEvent): void;
  /** From event number `from` of `events` on. */
  wait(
    accepts: (event: StreamedEvent) => boolean,
    options?: { from?: number; timeoutMs?: number },
  ): Promise<StreamedEvent>;
} {
  const events: StreamedEvent[] = [];
  const waiting = new Set<() => void>();
  return {
    events,
    onEvent(event) {
      events.push(event);
      for (const look of [...waiting]) look();
    },
    wait(accepts, { from = 0, timeoutMs = 60_000 } = {}) {
      return new Promise((resolve, reject) => {
        let next = from;
        const timer = setTimeout(() => {
          waiting.delete(look);
          reject(
            new Error(
              `not within ${timeoutMs} ms; seen: ${events
                .slice(from)
                .map((event) => event.type)
                .join(", ")}`,
            ),
          );
        }, timeoutMs);
        function look(): void {
          for (; next < events.length; next++) {
            const event = events[next];
            if (!event || !accepts(event)) continue;
            clearTimeout(timer);
            waiting.delete(look);
            resolve(event);
            return;
          }
        }
        waiting.add(look);
        look();
      });
    },
  };
}

export function userMessage(text: string): object {
  return { type: "user.message", content: [{ type: "text", text }] };
}

export function idOf(resource: Record<string, unknown>): string {
  if (typeof resource.id !== "string") throw new Error(`no id in ${JSON.stringify(resource)}`);
  return resource.id;
}

function responseOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.once("error", reject);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = "";
  response.setEncoding("utf8");
  for await (const piece of response) text += piece;
  return text;
}
