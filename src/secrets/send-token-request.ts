// Sends what a token endpoint is asked.
import type { OutsideFetch } from "../lib/outside-fetch.ts";
import { readLimited } from "../lib/read-limited.ts";
import type { TokenAnswer, TokenRequest } from "./token-request.ts";

const ANSWER_MS = 15_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/** Rejects when the endpoint cannot be reached or says too much. A redirect is an answer: the secrets do not follow it. */
export function createSendTokenRequest(fetch: OutsideFetch): (request: TokenRequest) => Promise<TokenAnswer> {
  return async ({ url, headers, body }) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal });
    const contentType = answer.headers.get("content-type") ?? "";
    return { status: answer.status, body: await readLimited(answer, MAX_ANSWER_BYTES), contentType };
  };
}
