// What a token endpoint is asked, and what its answer means (RFC 6749, section 6). Pure.
import { z } from "zod";
import type { OAuthRefresh } from "../contract/credentials.ts";
import { Secret } from "./secret.ts";

/** Sent by whoever may reach the network: the broker, through its dial guard. Redirects are not followed. */
export type TokenRequest = { url: string; headers: Record<string, string>; body: string };
export type TokenAnswer = { status: number; body: string; contentType?: string };

export type Renewed = { accessToken: Secret; refreshToken: Secret | null; expiresAt: Date | null };

export function toTokenRequest(
  refresh: OAuthRefresh,
  secrets: Readonly<Record<string, Secret | undefined>>,
): TokenRequest {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    refresh_token: secrets.refresh_token?.reveal() ?? "",
  });
  if (refresh.scope !== null) form.set("scope", refresh.scope);
  if (refresh.resource !== null) form.set("resource", refresh.resource);
  const headers: Record<string, string> = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  };
  const clientSecret = secrets.client_secret?.reveal() ?? "";
  if (refresh.token_endpoint_auth.type === "client_secret_basic") {
    // Both are form-encoded first: RFC 6749, section 2.3.1.
    const pair = `${encodeURIComponent(refresh.client_id)}:${encodeURIComponent(clientSecret)}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString("base64")}`;
  } else {
    form.set("client_id", refresh.client_id);
    if (refresh.token_endpoint_auth.type === "client_secret_post") form.set("client_secret", clientSecret);
  }
  return { url: refresh.token_endpoint, headers, body: form.toString() };
}

const tokens = z.object({
  access_token: z.string().min(1).max(65_536),
  token_type: z.string().optional(),
  refresh_token: z.string().min(1).max(65_536).optional(),
  expires_in: z.coerce
    .number()
    .positive()
    .max(10 ** 9)
    .optional(),
});
const refusal = z.object({ error: z.string().regex(/^[a-z_]{1,60}$/) });

/**
 * The new tokens, or why there are none, in words without anything secret. `final`: asking again does not help, somebody
 * has to authorize again.
 */
export function readTokenAnswer(
  answer: TokenAnswer,
  now: number,
): { renewed: Renewed } | { problem: string; final: boolean } {
  const body = parseJson(answer.body);
  if (answer.status !== 200) {
    const said = refusal.safeParse(body);
    // The code alone: descriptions may repeat what was sent.
    const code = said.success ? ` ${said.data.error}` : "";
    const final = answer.status >= 400 && answer.status < 500 && answer.status !== 408 && answer.status !== 429;
    return { problem: `The token endpoint answered ${answer.status}${code}.`, final };
  }
  const found = tokens.safeParse(body);
  if (!found.success) return { problem: "The token endpoint answered without an access token.", final: false };
  const { access_token, refresh_token, expires_in, token_type } = found.data;
  if (token_type !== undefined && token_type.toLowerCase() !== "bearer")
    return { problem: "The token endpoint gave a token of another type than bearer.", final: true };
  if (/[^\x20-\x7e]/.test(access_token))
    return { problem: "The token endpoint gave a token that fits into no header.", final: true };
  return {
    renewed: {
      accessToken: new Secret(access_token),
      refreshToken: refresh_token === undefined ? null : new Secret(refresh_token),
      expiresAt: expires_in === undefined ? null : new Date(now + expires_in * 1_000),
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Told as an answer without a token.
  }
}
