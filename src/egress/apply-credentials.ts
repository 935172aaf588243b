// The adapter of the port `ApplyCredentials` to the vaults.
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import type { TellCredentialFailed } from "../secrets/credential-failed.ts";
import { createForcedRenewals } from "../secrets/forced-renewals.ts";
import { exactnessFor } from "../secrets/inject/credential-scope.ts";
import { createGrowingReplacer, createScrubbers, type GrowingReplacer } from "../secrets/inject/growing-scrubber.ts";
import type { OutgoingRequest } from "../secrets/inject/inject-credentials.ts";
import { injectCredentials, usesOf } from "../secrets/inject/inject-credentials.ts";
import { scrubAnswer } from "../secrets/inject/scrub-answer.ts";
import { type Scrubber, transformOf } from "../secrets/inject/scrubber.ts";
import { needsRenewal } from "../secrets/refresh-token.ts";
import type { SessionCredential, SessionCredentials } from "../secrets/session-credentials.ts";
import type { ApplyCredentials, CredentialedAnswer } from "./credentials.ts";
import { Refusal } from "./refusal.ts";
import { createRenewTokens, type RefreshToken } from "./renew-tokens.ts";

export type CredentialsOptions = {
  credentials: SessionCredentials;
  refreshToken: RefreshToken;
  tellFailed: TellCredentialFailed;
  clock: Clock;
};

export function createApplyCredentials(options: CredentialsOptions): ApplyCredentials {
  const { credentials, refreshToken, tellFailed, clock } = options;
  const forced = createForcedRenewals({ clock });
  const renewToken = createRenewTokens({ refreshToken, clock });
  const scrubbers = createScrubbers();
  /** Streams of answers, by session: they are told of credentials that are in effect from now on, before a request goes out with one. */
  const open = new Map<string, Set<GrowingReplacer>>();

  function streamOf(sessionId: string, options: { from: readonly SessionCredential[]; keepsLength: boolean }) {
    const replacer = createGrowingReplacer(scrubbers, options);
    const ofSession = open.get(sessionId) ?? new Set();
    open.set(sessionId, ofSession.add(replacer));
    return transformOf(replacer).once("close", () => {
      ofSession.delete(replacer);
      if (ofSession.size === 0 && open.get(sessionId) === ofSession) open.delete(sessionId);
    });
  }

  async function inEffect(sessionId: string): Promise<readonly SessionCredential[]> {
    try {
      const found = await credentials.inEffect(sessionId);
      for (const stream of open.get(sessionId) ?? []) stream.learn(found);
      return found;
    } catch (cause) {
      if (!hasCode(cause, "unavailable")) throw cause;
      throw new Refusal("policy_unavailable", "The credentials of this session can't be looked up right now.", {
        status: 503,
        cause,
      });
    }
  }

  /** With tokens that do not end before they arrive. */
  async function fresh(sessionId: string, request: OutgoingRequest): Promise<readonly SessionCredential[]> {
    const known = await inEffect(sessionId);
    const ending = usesOf(known, request).filter((one) => needsRenewal(one, clock.now()));
    let changed = false;
    for (const credential of ending) {
      const outcome = await renewToken(sessionId, credential);
      changed ||= outcome.did === "changed";
      const { auth, name } = credential;
      const over = auth.type === "mcp_oauth" && auth.expires_at !== null && Date.parse(auth.expires_at) <= clock.now();
      if (outcome.did !== "failed" || !over) continue;
      await tellFailed({ sessionId, credential, ...outcome });
      const message = `The access token of ${name} is over and could not be renewed. ${outcome.problem}`;
      throw new Refusal("credential_problem", message, { detail: name });
    }
    if (!changed) return known;
    credentials.forget(sessionId);
    return inEffect(sessionId);
  }

  /** Of a token that its host refused before its time. */
  async function renewRefused(sessionId: string, credential: SessionCredential): Promise<boolean> {
    if (!forced.mayForce(credential)) return false;
    const outcome = await renewToken(sessionId, credential);
    if (outcome.did === "failed") await tellFailed({ sessionId, credential, ...outcome });
    else credentials.forget(sessionId);
    return outcome.did === "changed";
  }

  /** Another value is no reason to end what is open: it was let in with the one before, as whoever renews a token expects. */
  async function checkUsed(
    sessionId: string,
    request: OutgoingRequest,
    { before, names }: { before: readonly SessionCredential[]; names: readonly string[] },
  ): Promise<void> {
    const used = before.filter((one) => names.includes(one.name) && exactnessFor(one, request) > 0);
    if (used.length === 0) return;
    const current = new Map((await inEffect(sessionId)).map((one) => [one.id, one]));
    for (const { id, name } of used) {
      const now = current.get(id);
      if (now && exactnessFor(now, request) > 0) continue;
      throw new Refusal("credential_problem", `The credential ${name} is gone, or no longer for this address.`, {
        detail: name,
      });
    }
  }

  function answerOf(sessionId: string, before: readonly SessionCredential[], scrubber: Scrubber): CredentialedAnswer {
    const growing = (from: readonly SessionCredential[]): Scrubber => ({
      ...(scrubbers.of(from) ?? scrubber),
      stream: ({ keepsLength }) => streamOf(sessionId, { from, keepsLength }),
    });
    return {
      async rewrite(head, body) {
        // Another request may have renewed one while this answer was waited for.
        const now = await inEffect(sessionId).catch((error: unknown) => {
          if (error instanceof Refusal) return before;
          throw error;
        });
        return scrubAnswer(growing(scrubbers.both(before, now)), head, body);
      },
      headers: scrubber.headers,
      text: scrubber.text,
      socket: () => streamOf(sessionId, { from: before, keepsLength: true }),
    };
  }

  return async ({ sessionId, ...request }) => {
    const now = await fresh(sessionId, request);
    const injected = await injectCredentials(now, request, clock.now());
    const scrubber = scrubbers.of(now);
    const renewable = usesOf(now, request).find(({ auth }) => auth.type === "mcp_oauth" && auth.refresh !== null);
    const renew = renewable ? () => renewRefused(sessionId, renewable) : null;
    const check = now.length === 0 ? null : () => checkUsed(sessionId, request, { before: now, names: injected.used });
    return { ...injected, answer: scrubber && answerOf(sessionId, now, scrubber), renew, check };
  };
}
