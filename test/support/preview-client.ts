// Asks a port preview as a browser does: by its name, which this machine's resolver need not know, with its cookie and what browsers say of a request.
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import WebSocket from "ws";

export type PreviewAnswer = { status: number; headers: IncomingHttpHeaders; body: Buffer; text: string };
type Ask = { method?: string; headers?: Record<string, string>; body?: Buffer | string; cookie?: string | undefined };

/** The answer, its body unread. */
export function openPreview(
  url: string,
  { method = "GET", headers = {}, body, cookie }: Ask = {},
): Promise<IncomingMessage> {
  const { host, port, pathname, search } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: "127.0.0.1",
      port,
      path: pathname + search,
      method,
      agent: false,
      headers: { host, ...(cookie === undefined ? {} : { cookie }), ...headers },
    });
    request.once("response", resolve);
    request.once("error", reject);
    request.end(body);
  });
}

export async function askPreview(url: string, ask: Ask = {}): Promise<PreviewAnswer> {
  const response = await openPreview(url, ask);
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece);
  const body = Buffer.concat(pieces);
  return { status: response.statusCode ?? 0, headers: response.headers, body, text: body.toString() };
}

/** Follows a link with a ticket; the preview's address, and the cookie that it gave. */
export async function enterPreview(link: string): Promise<{ origin: string; cookie: string; answer: PreviewAnswer }> {
  const answer = await askPreview(link);
  const cookie = (answer.headers["set-cookie"]?.[0] ?? "").split(";")[0] ?? "";
  return { origin: new URL(link).origin, cookie, answer };
}

export function previewSocket(origin: string, path: string, headers: Record<string, string>): WebSocket {
  const { host, port } = new URL(origin);
  return new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { host, ...headers } });
}
