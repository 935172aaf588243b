// An app in a sandbox of the whole system, over its port preview: pages, events, a large download and upload, a WebSocket, and its end.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { childEnv } from "../../src/lib/child-env.ts";
import { sandboxesMissing } from "../support/local-sandboxd.ts";
import { askPreview, enterPreview, openPreview, previewSocket } from "../support/preview-client.ts";
import { type System, startSystem } from "../support/system.ts";
import { until } from "../support/until.ts";

const BERTH = path.resolve(import.meta.dirname, "../../scripts/berth.cjs");
const PORT = 8080;
const DOWNLOAD_BYTES = 50 * 2 ** 20;
const UPLOAD_BYTES = 20 * 2 ** 20;
/** WebSocket frames of up to 125 bytes, as no library is in the sandbox. */
const APP = `
const http = require("http");
const crypto = require("crypto");
const server = http.createServer((request, response) => {
  if (request.url === "/events") {
    response.writeHead(200, { "content-type": "text/event-stream" });
    let count = 0;
    const timer = setInterval(() => response.write("data: " + ++count + "\\n\\n"), 50);
    response.on("close", () => clearInterval(timer));
  } else if (request.url === "/large") {
    let left = ${DOWNLOAD_BYTES / 2 ** 20};
    const more = () => { while (left > 0) { left--; if (!response.write(Buffer.alloc(${2 ** 20}, left))) return response.once("drain", more); } response.end(); };
    more();
  } else if (request.method === "POST") {
    const hash = crypto.createHash("sha256");
    request.pipe(hash).on("finish", () => response.end(hash.digest("hex")));
  } else response.end("hello from " + request.headers.host);
});
server.on("upgrade", (request, socket) => {
  const accept = crypto.createHash("sha1").update(request.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  socket.on("data", (frame) => {
    if ((frame[0] & 15) !== 1) return socket.end();
    const length = frame[1] & 127, mask = frame.subarray(2, 6);
    const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, index) => byte ^ mask[index % 4]));
    socket.write(Buffer.concat([Buffer.from([129, length]), text]));
  });
});
server.listen(${PORT});
`;

let system: System;
let sessionId: string;

beforeAll(async () => {
  system = await startSystem();
  const client = system.client();
  const agent = (await client.beta.agents.create({ name: "Builder", model: "demo" })).id;
  const environment_id = (await client.beta.environments.list()).data[0]?.id ?? "";
  sessionId = (await client.beta.sessions.create({ agent, environment_id })).id;
}, 300_000);
afterAll(() => system?.dispose());

async function berth(...args: string[]): Promise<string> {
  const env = childEnv({ PATH: process.env.PATH, BERTH_URL: system.url, BERTH_API_KEY: system.apiKey });
  return (await promisify(execFile)(process.execPath, [BERTH, ...args], { env })).stdout;
}

async function startApp(): Promise<void> {
  const written = await fetch(`${system.url}/v1/sessions/${sessionId}/files/content?path=app.js`, {
    method: "POST",
    headers: { "x-api-key": system.apiKey },
    body: APP,
  });
  expect(written.status).toBe(200);
  // In a process group of its own, since what a program leaves in its own ends with it.
  await berth("exec", sessionId, "--", "sh", "-c", "setsid node app.js >/dev/null 2>&1 &");
  await until(async () => (await berth("preview", sessionId)).startsWith(String(PORT)), { timeoutMs: 60_000 });
}

test.skipIf(sandboxesMissing() !== null)("an app is seen from its link to its end", { timeout: 300_000 }, async () => {
  await startApp();
  const { origin, cookie } = await enterPreview((await berth("preview", sessionId, String(PORT))).trim());
  expect((await askPreview(`${origin}/`, { cookie })).text).toBe(`hello from localhost:${PORT}`);

  const events = await openPreview(`${origin}/events`, { cookie });
  let text = "";
  events.on("data", (piece: Buffer) => {
    text += piece;
  });
  await until(() => text.includes("data: 3\n\n"));
  events.destroy();

  const begunAt = performance.now();
  const large = await askPreview(`${origin}/large`, { cookie });
  const downloadS = (performance.now() - begunAt) / 1_000;
  expect(large.body.length).toBe(DOWNLOAD_BYTES);
  for (let piece = 0; piece < 50; piece++) expect(large.body[piece * 2 ** 20]).toBe(49 - piece);
  console.info(`port preview: 50 MB in ${downloadS.toFixed(2)} s`);

  const body = Buffer.alloc(UPLOAD_BYTES, "upload");
  const uploaded = await askPreview(`${origin}/upload`, { cookie, method: "POST", body });
  expect(uploaded.text).toBe(createHash("sha256").update(body).digest("hex"));

  const socket = previewSocket(origin, "/socket", { cookie, origin });
  await once(socket, "open");
  for (const message of ["hot", "reload"]) {
    socket.send(message);
    const [answer] = await once(socket, "message");
    expect(String(answer)).toBe(message);
  }
  const closed = once(socket, "close");

  // Killed, the web comes back and knows the visit; the socket is the page's to open again.
  await system.killPart("web");
  await closed;
  await until(async () => (await askPreview(`${origin}/`, { cookie }).catch(() => null))?.status === 200, {
    timeoutMs: 60_000,
  });
  await system.client().beta.sessions.archive(sessionId);
  await until(async () => (await askPreview(`${origin}/`, { cookie })).status === 403);
});
