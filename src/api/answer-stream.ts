// Answers a request with server-sent events on the raw connection: who asks, headers, errors before and after the first byte.
import type { IncomingMessage, ServerResponse } from "node:http";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { Access } from "../teams/access.ts";
import { authenticate } from "./authenticate.ts";
import { expectedError, type TranslateError, toErrorAnswer } from "./errors.ts";
import type { Caller } from "./route.ts";
import { errorBytes } from "./sse-frame.ts";
import type { StreamGuard } from "./stream-guard.ts";

export type StreamAnswering = { access: Access; guard: StreamGuard; translate: TranslateError; logger: Logger };

/** `subscribe` calls `begin` once nothing can be refused any more, and resolves with what ends its part. */
export async function answerStream(
  { access, guard, translate, logger }: StreamAnswering,
  request: IncomingMessage,
  response: ServerResponse,
  subscribe: (caller: Caller, lastEventId: string | undefined, begin: () => void) => Promise<() => void>,
): Promise<void> {
  const requestId = newId("request");
  try {
    const header = (name: string) => singleHeader(request.headers[name]);
    const facts = { method: "GET", header, address: request.socket.remoteAddress };
    const caller = await authenticate(access, facts);
    const leave = await subscribe(caller, header("last-event-id"), () => {
      if (response.destroyed || response.headersSent) return;
      response.statusCode = 200;
      response.setHeader("content-type", "text/event-stream; charset=utf-8");
      response.setHeader("cache-control", "no-cache, no-transform");
      response.setHeader("x-accel-buffering", "no");
      response.setHeader("x-content-type-options", "nosniff");
      response.setHeader("request-id", requestId);
      request.socket.setNoDelay(true);
      request.socket.setTimeout(0);
    });
    response.once("close", leave);
    // The client was faster: its close came before there was anybody to hear it.
    if (response.destroyed) leave();
    else {
      guard.watch(facts, {
        onClose: (listener) => response.once("close", listener),
        refuse: (error) => response.end(errorBytes(toErrorAnswer(error, requestId).body)),
      });
      // Only now may the client believe that it is subscribed.
      response.write(": subscribed\n\n");
    }
  } catch (error) {
    const expected = expectedError(error, translate);
    if (expected.code === "internal") logger.error({ err: error, requestId }, "event stream failed");
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const answer = toErrorAnswer(expected, requestId);
    response.writeHead(answer.status, {
      "content-type": "application/json",
      "cache-control": "no-store",
      ...answer.headers,
    });
    response.end(JSON.stringify(answer.body));
  }
}

export function singleHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(", ") : value;
}

/** A part of a path. What is no valid escape stays as it stands: it is no id of ours either, and is answered 404. */
export function decodedSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
