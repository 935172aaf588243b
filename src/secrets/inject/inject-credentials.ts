// A request of a sandbox and the credentials of its session become the request that goes out, and what is done with its answer.
import type { SessionCredential } from "../session-credentials.ts";
import { MAX_SIGNED_BODY_BYTES, needsBody, signAws } from "./aws-sigv4.ts";
import { exactnessFor, hasPathScope, isCanonicalPath, isForHost, type ScopedRequest } from "./credential-scope.ts";
import { fixedHeaderOf } from "./fixed-headers.ts";
import { InjectionRefused } from "./injection-refused.ts";
import { type RawHeaders, replaceHeader, withoutHeaders } from "./raw-headers.ts";
import { limitAcceptEncoding } from "./scrub-answer.ts";
import { type BodyChange, changeBody, type OutgoingBody } from "./swap-body.ts";
import { refuseInPath, swapHeaders } from "./swap-placeholders.ts";

export type OutgoingRequest = ScopedRequest & {
  headers: RawHeaders;
  /** Null: there is none. */
  body: OutgoingBody | null;
};

export type Injected = {
  headers: string[];
  /** Null: the body goes as it is. */
  body: BodyChange | null;
  /** Names, for the audit line; it may grow while the body goes. */
  used: string[];
};

/** Throws `InjectionRefused`. `credentials`: of the session, in effect. */
export async function injectCredentials(
  credentials: readonly SessionCredential[],
  request: OutgoingRequest,
  now: number,
): Promise<Injected> {
  const { host, path } = request;
  refuseInPath(path);
  if (credentials.some((one) => hasPathScope(one, host)) && !isCanonicalPath(path))
    throw new InjectionRefused(
      "credential_path",
      "The path can be read in several ways, and a credential of this session depends on it. Write it without dot segments, empty or encoded ones.",
      { status: 400 },
    );
  const swapped = swapHeaders(request.headers, { credentials, target: request });
  const used = [...swapped.used];
  let headers: string[] = swapped.headers;
  if (credentials.length === 0) return { headers, body: null, used };
  const chosen = chooseInjected(credentials, request);
  for (const { auth, secrets, name } of chosen.values()) {
    const fixed = fixedHeaderOf(auth, secrets);
    if (!fixed) continue;
    // Checked when it was stored; whoever wrote to the database since must not write headers with it.
    if (/[^\x20-\x7e]/.test(fixed.value))
      throw new InjectionRefused("credential_problem", `The value of ${name} cannot be put into a header.`, {
        status: 502,
      });
    headers = replaceHeader(headers, fixed.name, fixed.value);
    used.push(name);
  }
  headers = readableAnswer(headers, credentials, host);
  const aws = chosen.get("authorization");
  const signs = aws?.auth.type === "aws_sigv4" ? { ...aws, auth: aws.auth } : null;
  const readUpTo = signs && needsBody(headers) ? MAX_SIGNED_BODY_BYTES : null;
  const about = { credentials, target: request, headers, used, readUpTo };
  const body = request.body ? await changeBody({ ...about, body: request.body }) : null;
  if (signs) {
    const whole = body && "whole" in body ? body.whole : null;
    headers = await signAws(signs, { ...request, headers, body: whole, now });
    used.push(signs.name);
  }
  return { headers, body, used };
}

/** The credentials that put something of their own into a request like this one. */
export function usesOf(credentials: readonly SessionCredential[], target: ScopedRequest): SessionCredential[] {
  return [...chooseInjected(credentials, target).values()];
}

/** Of those that put a header in by themselves, the most exact one for each header; of two alike the first. */
function chooseInjected(
  credentials: readonly SessionCredential[],
  target: ScopedRequest,
): Map<string, SessionCredential> {
  const chosen = new Map<string, { credential: SessionCredential; exactness: number }>();
  for (const credential of credentials) {
    const { auth } = credential;
    if (auth.type === "environment_variable") continue;
    const header = auth.type === "header" ? auth.header_name.toLowerCase() : "authorization";
    const exactness = exactnessFor(credential, target);
    if (exactness > (chosen.get(header)?.exactness ?? 0)) chosen.set(header, { credential, exactness });
  }
  return new Map([...chosen].map(([header, { credential }]) => [header, credential]));
}

/** What is asked for so that the answer can be looked into. */
function readableAnswer(headers: RawHeaders, credentials: readonly SessionCredential[], host: string): string[] {
  // A value that is given back in parts would be found in none of them. The secret part of a signature is never sent.
  const sent = credentials.some((one) => one.auth.type !== "aws_sigv4" && isForHost(one, host));
  // Frames of a WebSocket are looked into as they are, so they are not compressed.
  return withoutHeaders(
    limitAcceptEncoding(headers),
    (name) => name === "sec-websocket-extensions" || (sent && (name === "range" || name === "if-range")),
  );
}
