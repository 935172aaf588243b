// Asks a token endpoint, by the same rules by which sandboxes reach hosts: its name may lead nowhere inside, its certificate is verified.
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { createSecureContext } from "node:tls";
import type { TokenAnswer, TokenRequest } from "../secrets/token-request.ts";
import type { DialGuard } from "./dial-guard.ts";

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/** Rejects when the endpoint cannot be reached, is slow, or answers with more than a token. */
export function createTokenSender(options: {
  guard: DialGuard;
  trusted: readonly string[];
}): (request: TokenRequest) => Promise<TokenAnswer> {
  const { guard, trusted } = options;
  const secureContext = createSecureContext({ ca: [...trusted], minVersion: "TLSv1.2" });
  return async ({ url, headers, body }) => {
    const { hostname, pathname, search, port } = new URL(url);
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const request = httpsRequest({
        ...{ host: hostname, servername: hostname, port: port === "" ? guard.portOf(hostname) : Number(port) },
        ...{ method: "POST", path: pathname + search, lookup: guard.lookup, secureContext, agent: false },
        ...{ headers: { ...headers, "content-length": Buffer.byteLength(body) } },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      request.once("response", resolve);
      request.once("error", reject);
      request.end(body);
    });
    const pieces: Buffer[] = [];
    let length = 0;
    for await (const piece of answer as AsyncIterable<Buffer>) {
      length += piece.length;
      if (length > MAX_ANSWER_BYTES) throw new Error("it answered with too much");
      pieces.push(piece);
    }
    return { status: answer.statusCode ?? 0, body: Buffer.concat(pieces).toString() };
  };
}
