// An HTTPS host that gives back what it gets, in whatever form it is asked to: as servers do in error pages, logs and headers.
import { createHash } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";

export type Seen = {
  method: string;
  host: string;
  path: string;
  headers: IncomingMessage["headers"];
  raw: string[];
  body: string;
};

export const COMPRESS: Record<string, (text: string) => Buffer> = {
  gzip: gzipSync,
  deflate: deflateSync,
  br: brotliCompressSync,
  zstd: zstdCompressSync,
};

/** What reached the host is kept in `seen`. `/echo/<form>` decides how it comes back. */
export function echoHost(seen: Seen[]): RequestListener {
  return async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces).toString();
    const { method = "", url: path = "", headers, rawHeaders } = request;
    seen.push({ method, host: headers.host ?? "", path, headers, raw: rawHeaders, body });
    // The one that tests send, from whichever header it came in.
    const given = String(headers.authorization ?? headers["x-api-key"] ?? headers["private-token"] ?? "");
    answer(path.replace(/\?.*/, "").replace(/^\/echo\//, ""), { given, body, headers }, response);
  };
}

function answer(
  form: string,
  { given, body, headers }: { given: string; body: string; headers: IncomingMessage["headers"] },
  response: ServerResponse,
): void {
  const token = given.replace(/^(Bearer|token|Basic) /i, "");
  const page = JSON.stringify({ authorization: given, token, body });
  const wanted = /^only\/(.+)$/.exec(form)?.[1];
  // Its end: the whole would be in the path, and so in an audit line.
  if (wanted !== undefined && !token.endsWith(wanted)) return void response.writeHead(401).end("not this token");
  const compress = COMPRESS[form];
  if (compress) return void response.setHeader("content-encoding", form).end(compress(page));
  switch (form) {
    case "header":
      return void response.setHeader("x-echo", given).end("in a header");
    case "redirect":
      return void response
        .writeHead(302, { location: `https://elsewhere.example.com/?token=${encodeURIComponent(token)}` })
        .end();
    case "cookie":
      return void response.setHeader("set-cookie", `session=${token}; Path=/`).end("in a cookie");
    case "error":
      return void response.writeHead(500, `Failed for ${token}`).end(`<p>Bad credentials: ${token}</p>`);
    case "base64":
      return void response.end(
        `${Buffer.from(token).toString("base64")} ${Buffer.from(`u:${token}`).toString("base64")}`,
      );
    case "hex":
      return void response.end(Buffer.from(token).toString("hex"));
    case "url":
      return void response.end(encodeURIComponent(token));
    case "pieces":
      return void writeInPieces(response, page);
    case "large": {
      const text = "x".repeat(300_000) + page;
      return void response.setHeader("content-length", Buffer.byteLength(text)).end(text);
    }
    case "digest":
      return void response
        .setHeader("content-md5", createHash("md5").update(page).digest("base64"))
        .setHeader("etag", '"v1"')
        .setHeader("content-length", Buffer.byteLength(page))
        .end(page);
    case "range": {
      const range = /bytes=(\d+)-(\d+)/.exec(headers.range ?? "");
      if (!range) return void response.end(page);
      return void response.writeHead(206).end(page.slice(Number(range[1]), Number(range[2]) + 1));
    }
    case "trailer":
      response.writeHead(200, { trailer: "x-token" });
      response.write("before");
      response.addTrailers({ "x-token": token });
      return void response.end();
    case "sse":
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(`data: ${token.slice(0, 10)} begins\n\n`);
      response.write(`data: ${token}\n\n`);
      return void response.end();
    default:
      return void response.setHeader("content-type", "application/json").end(page);
  }
}

function writeInPieces(response: ServerResponse, text: string): void {
  for (const character of text) response.write(character);
  response.end();
}
