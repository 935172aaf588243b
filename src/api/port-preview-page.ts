// Pages of ours in a port preview: why the app is not shown, and what to do. Plain, without anything of the dashboard's.
import { randomBytes } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export type PageWords = {
  status: number;
  title: string;
  /** One sentence or two. */
  text: string;
  /** Looks again by itself, and shows the app when something listens. */
  waits?: boolean;
  retryAfterS?: number;
};

/** Asks whether something listens. It wakes nothing and counts as no use. */
export const WAITING_HEADER = "x-berth-waiting";
const LOOK_MS = 2_000;

const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;background:Canvas;color:CanvasText}
main{max-width:34rem;padding:1.5rem}
h1{font-size:1.25rem;margin:0 0 .5rem}
p{margin:0 0 .75rem;overflow-wrap:anywhere}`;

const SCRIPT = `setInterval(async () => {
  try {
    const answer = await fetch(location.href, { headers: { "${WAITING_HEADER}": "1" }, cache: "no-store", redirect: "error" });
    if (answer.status !== 404) location.reload();
  } catch {
    // The server is away: the next look tells.
  }
}, ${LOOK_MS});`;

export function sendPage(request: IncomingMessage, response: ServerResponse, words: PageWords): void {
  const forPeople = (request.headers.accept ?? "").includes("text/html");
  const nonce = randomBytes(16).toString("base64");
  const body = forPeople ? html(words, nonce) : `${words.title}\n${words.text}\n`;
  response.writeHead(words.status, {
    "content-type": forPeople ? "text/html; charset=utf-8" : "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...(words.retryAfterS === undefined ? {} : { "retry-after": String(words.retryAfterS) }),
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function html({ title, text, waits }: PageWords, nonce: string): string {
  const script = waits ? `<script nonce="${nonce}">${SCRIPT}</script>` : "";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style nonce="${nonce}">${STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(text)}</p>${script}</main></body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
