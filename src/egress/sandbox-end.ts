// The sandbox's end of one request, whichever version of HTTP its program speaks. HTTP/1.1 here; HTTP/2 beside it.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable, Writable } from "node:stream";
import type { RequestHead } from "./read-target.ts";
import type { Refusal } from "./refusal.ts";
import type { RawHeaders } from "./request-headers.ts";

export type AnswerHead = { status: number; words: string; headers: readonly string[]; hasBody: boolean };

export type SandboxEnd = {
  /** In the form of HTTP/1.1: with a Host header. */
  head: RequestHead;
  /** How the body is delimited, as headers; nothing where there is none. */
  framing: readonly string[];
  body: Readable;
  /** After the body's end. */
  trailers(): RawHeaders;
  speaksHttp2: boolean;
  answer: {
    begin(head: AnswerHead): void;
    /** For the body; its end is the answer's. */
    to: Writable;
    /** Before the body's end. */
    trailers(raw: RawHeaders): void;
    /** The whole answer. */
    refuse(refusal: Refusal): void;
    redirect(status: number, location: string): void;
    /** So that half an answer does not look whole. */
    cut(): void;
    isBegun(): boolean;
    isGone(): boolean;
    isWhole(): boolean;
    onceClosed(listener: () => void): void;
  };
};

/** In words that a person and a model understand. */
export function refusalAnswer(refusal: Refusal): { headers: Record<string, string | number>; body: string } {
  const body = `Refused by the sandbox's egress broker (${refusal.rule}): ${refusal.message}\n`;
  return {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-length": Buffer.byteLength(body),
      "x-berth-egress": refusal.rule,
    },
    body,
  };
}

/** The connection ends with it. */
export function answerRefusal(response: ServerResponse, refusal: Refusal): void {
  const { headers, body } = refusalAnswer(refusal);
  response.writeHead(refusal.status, { ...headers, connection: "close" });
  response.end(body);
}

export function http1End(request: IncomingMessage, response: ServerResponse): SandboxEnd {
  const { method = "", url = "", rawHeaders } = request;
  return {
    head: { method, url, rawHeaders },
    framing: framingOf(request),
    body: request,
    trailers: () => request.rawTrailers,
    speaksHttp2: false,
    answer: {
      begin({ status, words, headers }) {
        response.sendDate = false;
        response.writeHead(status, words, [...headers]);
        // An event stream may have nothing to say yet; what comes at once goes in one piece with its head.
        setImmediate(() => response.flushHeaders());
      },
      to: response,
      trailers(raw) {
        // Others have nowhere to put them.
        if (response.chunkedEncoding) response.addTrailers(pairsOf(raw));
      },
      refuse: (refusal) => answerRefusal(response, refusal),
      redirect(status, location) {
        response.writeHead(status, { location, "content-length": 0, connection: "close" });
        response.end();
      },
      cut: () => response.destroy(),
      isBegun: () => response.headersSent,
      isGone: () => response.destroyed,
      isWhole: () => response.writableFinished,
      onceClosed: (listener) => void response.once("close", listener),
    },
  };
}

function framingOf({ headers }: IncomingMessage): string[] {
  if (headers["transfer-encoding"] !== undefined) return ["Transfer-Encoding", "chunked"];
  const length = headers["content-length"];
  return length === undefined ? [] : ["Content-Length", length];
}

export function pairsOf(raw: RawHeaders): [name: string, value: string][] {
  return Array.from({ length: raw.length >> 1 }, (_, index) => [raw[2 * index] ?? "", raw[2 * index + 1] ?? ""]);
}
