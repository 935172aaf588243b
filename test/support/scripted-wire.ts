// What the scripted provider's two formats share: a logged request, an open answer, a gate that holds answers.
import type { IncomingMessage, ServerResponse } from "node:http";

export type LoggedRequest = {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: ChatBody | null;
  /** Milliseconds since the epoch. */
  at: number;
  /** The client left before the answer was whole. */
  aborted: boolean;
  answered: boolean;
};

type ChatMessage = { role: string; content?: unknown; tool_calls?: unknown; tool_call_id?: string };
export type ChatBody = {
  model: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  messages: ChatMessage[];
  tools?: { name?: string; function?: { name: string } }[];
  [field: string]: unknown;
};

/** One open answer: writes that come to nothing once the client has left. */
export type Exchange = { request: LoggedRequest; response: ServerResponse; body: ChatBody };
/** Where answers with `hold` wait. */
export type Gate = {
  /** Waits here until `release`, or until the client has left. */
  pass(response: ServerResponse): Promise<void>;
  /** Resolves when at least one answer waits. */
  held(): Promise<void>;
  /** Lets those go on that wait now. */
  release(): void;
};

export function createGate(): Gate {
  const waiting = new Set<() => void>();
  let arrival = Promise.withResolvers<void>();
  return {
    pass: (response) =>
      new Promise((resolve) => {
        const leave = () => {
          waiting.delete(leave);
          resolve();
        };
        waiting.add(leave);
        response.once("close", leave);
        arrival.resolve();
        arrival = Promise.withResolvers();
      }),
    held: () => (waiting.size > 0 ? Promise.resolve() : arrival.promise),
    release: () => {
      for (const leave of waiting) leave();
    },
  };
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}

export function wordsOf(text: string | undefined): string[] {
  return text?.match(/\S+\s*/g) ?? [];
}

let lastId = 0;
export function newId(prefix: string): string {
  lastId++;
  return `${prefix}-${Date.now().toString(36)}-${lastId}`;
}
