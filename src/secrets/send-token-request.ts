// Sends what a token endpoint is asked.
import type { OutsideCaller, OutsideFetch } from "../lib/outside-fetch.ts";
import { readLimited } from "../lib/read-limited.ts";
import type { TokenAnswer, TokenRequest } from "./token-request.ts";

const ANSWER_MS = 15_000;
const MAX_ANSWER_BYTES = 256 * 1024;

/** `caller`: for whom; an audit line says so. */
export type SendTokenRequest = (request: TokenRequest, caller: OutsideCaller) => Promise<TokenAnswer>;

/** The credential names it, whatever an environment says: it is the server that asks. */
const mayReach = () => "token_endpoint";

/** Rejects when the endpoint cannot be reached or says too much. A redirect is an answer: the secrets do not follow it. */
export function createSendTokenRequest(fetch: OutsideFetch): SendTokenRequest {
  return async ({ url, headers, body }, caller) => {
    const signal = AbortSignal.timeout(ANSWER_MS);
    const answer = await fetch(url, { method: "POST", headers, body, redirect: "manual", signal, caller, mayReach });
    const contentType = answer.headers.get("content-type") ?? "";
    return { status: answer.status, body: await readLimited(answer, MAX_ANSWER_BYTES), contentType };
  };
}
