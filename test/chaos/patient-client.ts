// A client as a good program is one: it repeats what got no answer, with the same Idempotency-Key, and resumes its stream where it was cut.
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ReceivedFrame, readStream, type StreamReader } from "../support/stream-reader.ts";
import type { Accepted } from "./facts.ts";

const PAUSE_MS = 150;
const PATIENCE_MS = 90_000;

export class Refused extends Error {
  readonly status: number;
  constructor(status: number, text: string) {
    super(`${status}: ${text}`);
    this.status = status;
  }
}

export type Server = { url: string; apiKey: string };

/** JSON of an answer below 400. 5xx, 429 and lost connections are tried again; other refusals throw. */
export async function request<T>(server: Server, method: string, path: string, body?: object): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  const headers = {
    "x-api-key": server.apiKey,
    "content-type": "application/json",
    ...(method === "POST" ? { "idempotency-key": randomUUID() } : {}),
  };
  let last = "no answer";
  while (Date.now() < deadline) {
    try {
      const response = await fetch(server.url + path, {
        method,
        headers,
        signal: AbortSignal.timeout(10_000),
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const text = await response.text();
      // The server's own JSON; the caller names its shape.
      if (response.ok) return JSON.parse(text) as T;
      last = `${response.status}: ${text.slice(0, 300)}`;
      if (response.status < 500 && response.status !== 429) throw new Refused(response.status, text.slice(0, 300));
    } catch (error) {
      if (error instanceof Refused) throw error;
      last = String(error);
    }
    await sleep(PAUSE_MS);
  }
  throw new Error(`${method} ${path} got no answer within ${PATIENCE_MS / 1000} s: ${last}`);
}

export type PatientStream = {
  /** Every stored entry, in order of arrival. */
  readonly frames: ReceivedFrame[];
  readonly reconnects: number;
  /** Cuts the connection; it is opened again at once. */
  cut(): void;
  /** Resolves when `found` says true of what has arrived. */
  waitFor(found: (frames: readonly ReceivedFrame[]) => boolean, timeoutMs: number, what: string): Promise<void>;
  close(): void;
};

export function openPatientStream(server: Server, sessionId: string): PatientStream {
  const frames: ReceivedFrame[] = [];
  const watchers = new Set<() => void>();
  let closed = false;
  let reconnects = 0;
  let reader: StreamReader | null = null;

  async function follow(): Promise<void> {
    while (!closed) {
      reader = readStream({
        ...server,
        sessionId,
        after: frames.at(-1)?.id ?? 0,
        onFrame(frame) {
          if (frame.id === null) return;
          frames.push(frame);
          for (const watcher of watchers) watcher();
        },
      });
      await reader.ended;
      reconnects += 1;
      if (!closed) await sleep(PAUSE_MS);
    }
  }
  void follow();

  return {
    frames,
    get reconnects() {
      return reconnects;
    },
    cut: () => reader?.cut(),
    waitFor(found, timeoutMs, what) {
      return new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          watchers.delete(check);
          reject(new Error(`${sessionId}: not within ${timeoutMs / 1000} s: ${what}`));
        }, timeoutMs);
        const check = () => {
          if (!found(frames)) return;
          clearTimeout(late);
          watchers.delete(check);
          resolve();
        };
        watchers.add(check);
        check();
      });
    },
    close() {
      closed = true;
      reader?.cut();
    },
  };
}

export async function sendEvents(server: Server, sessionId: string, events: object[]): Promise<Accepted[]> {
  type Answer = { data: Accepted[] };
  const answer = await request<Answer>(server, "POST", `/v1/sessions/${sessionId}/events`, { events });
  return answer.data.map(({ id, type }) => ({ id, type }));
}
