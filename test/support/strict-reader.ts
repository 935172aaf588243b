// Requests in bytes, read as strictly as HTTP/1.1 can be: what might be read in two ways is no request. It shares nothing with the parser under test.

export type ReadRequest = {
  method: string;
  target: string;
  /** Names in lower case. */
  headers: [name: string, value: string][];
  /** Without its framing; one character for each byte. */
  body: string;
};

/** `partial`: a request whose body has not ended, or is broken. `end`: how the bytes end. */
export type Reading = {
  requests: ReadRequest[];
  partial: ReadRequest | null;
  end: "clean" | "cut" | "malformed";
};

const REQUEST_LINE = /^([!#$%&'*+.^_`|~\w-]+) ([!-~\x80-\xff]+) HTTP\/1\.[01]$/;
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*$/;
/** As far as numbers are exact. */
const CHUNK_SIZE = /^([\da-f]{1,13})(?:;[\t -~\x80-\xff]*)?$/i;

type Body = { body: string; next: number; end: Reading["end"] };

/** `text`: one character for each byte (latin1). */
export function readStrictly(text: string): Reading {
  const requests: ReadRequest[] = [];
  let at = 0;
  for (;;) {
    // Empty lines before a request are none (RFC 9112, section 2.2).
    while (text[at] === "\r" || text[at] === "\n") at += 1;
    if (at === text.length) return { requests, partial: null, end: "clean" };
    const headEnd = text.indexOf("\r\n\r\n", at);
    if (headEnd < 0) return { requests, partial: null, end: "cut" };
    const [first = "", ...lines] = text.slice(at, headEnd).split("\r\n");
    const [, method, target] = REQUEST_LINE.exec(first) ?? [];
    const headers = headersIn(lines);
    const framing = headers && framingOf(headers);
    if (method === undefined || target === undefined || !headers || !framing)
      return { requests, partial: null, end: "malformed" };
    const { body, next, end } = bodyFrom(text, headEnd + 4, framing);
    const request = { method, target, headers, body };
    if (end !== "clean") return { requests, partial: request, end };
    requests.push(request);
    at = next;
  }
}

/** Values of all headers with that name. */
export function valuesIn({ headers }: Pick<ReadRequest, "headers">, wanted: string): string[] {
  return headers.flatMap(([name, value]) => (name === wanted ? [value] : []));
}

function headersIn(lines: string[]): [string, string][] | null {
  const headers: [string, string][] = [];
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    headers.push([name.toLowerCase(), value]);
  }
  return headers;
}

/** Null: it could be read in several ways. */
function framingOf(headers: [string, string][]): { chunked: boolean; length: number } | null {
  const lengths = valuesIn({ headers }, "content-length");
  const codings = valuesIn({ headers }, "transfer-encoding");
  if (lengths.length + codings.length > 1) return null;
  if (lengths.some((value) => !/^\d{1,9}$/.test(value))) return null;
  if (codings.some((value) => value.toLowerCase() !== "chunked")) return null;
  return { chunked: codings.length > 0, length: Number(lengths[0] ?? 0) };
}

function bodyFrom(text: string, start: number, framing: { chunked: boolean; length: number }): Body {
  if (framing.chunked) return chunksFrom(text, start);
  const next = start + framing.length;
  return { body: text.slice(start, next), next, end: next > text.length ? "cut" : "clean" };
}

function chunksFrom(text: string, start: number): Body {
  let body = "";
  let at = start;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    const size = CHUNK_SIZE.exec(text.slice(at, lineEnd < 0 ? undefined : lineEnd))?.[1];
    if (lineEnd < 0 || size === undefined) return { body, next: at, end: lineEnd < 0 ? "cut" : "malformed" };
    at = lineEnd + 2;
    const length = Number.parseInt(size, 16);
    if (length === 0) return trailersFrom(text, at, body);
    body += text.slice(at, at + length);
    at += length;
    if (at + 2 > text.length) return { body, next: at, end: "cut" };
    if (text.slice(at, at + 2) !== "\r\n") return { body, next: at, end: "malformed" };
    at += 2;
  }
}

function trailersFrom(text: string, start: number, body: string): Body {
  if (text.startsWith("\r\n", start)) return { body, next: start + 2, end: "clean" };
  const end = text.indexOf("\r\n\r\n", start);
  if (end < 0) return { body, next: start, end: "cut" };
  const isWell = headersIn(text.slice(start, end).split("\r\n")) !== null;
  return { body, next: end + 4, end: isWell ? "clean" : "malformed" };
}
