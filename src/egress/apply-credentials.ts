// The adapter of the port `ApplyCredentials` to the vaults.
import type { Clock } from "../lib/clock.ts";
import { hasCode } from "../lib/errors.ts";
import type { TellCredentialFailed } from "../secrets/credential-failed.ts";
import { createForcedRenewals } from "../secrets/forced-renewals.ts";
import { exactnessFor } from "../secrets/inject/credential-scope.ts";
import {
  type Credentials,
  createGrowingReplacer,
  createScrubbers,
  type GrowingReplacer,
} from "../secrets/inject/growing-scrubber.ts";
import type { OutgoingRequest } from "../secrets/inject/inject-credentials.ts";
import { injectCredentials, usesOf } from "../secrets/inject/inject-credentials.ts";
import { scrubAnswer } from "../secrets/inject/scrub-answer.ts";
import { type Scrubber, transformOf } from "../secrets/inject/scrubber.ts";
import { needsRenewal } from "../secrets/refresh-token.ts";
import type { SessionCredential, SessionCredentials } from "../secrets/session-credentials.ts";
import type { ApplyCredentials, CredentialedAnswer } from "./credentials.ts";
import { createOpenAnswers, type OpenAnswer } from "./open-answers.ts";
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
  const open = createOpenAnswers();

  async function inEffect(sessionId: string): Promise<Credentials> {
    try {
      const found = await credentials.inEffect(sessionId);
      open.tell(sessionId, found);
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

  /**
   * Another value is no reason to end what is open: it was let in with the one before, as whoever renews a token expects. What was let
   * in without any is looked at as well: what takes effect may go out elsewhere (with another session, or to an MCP server).
   */
  async function checkUsed(
    sessionId: string,
    request: OutgoingRequest,
    { before, names }: { before: Credentials; names: readonly string[] },
  ): Promise<void> {
    const now = await inEffect(sessionId);
    const used = before.filter((one) => names.includes(one.name) && exactnessFor(one, request) > 0);
    if (used.length === 0) return;
    const current = new Map(now.map((one) => [one.id, one]));
    for (const { id, name } of used) {
      const now = current.get(id);
      if (now && exactnessFor(now, request) > 0) continue;
      throw new Refusal("credential_problem", `The credential ${name} is gone, or no longer for this address.`, {
        detail: name,
      });
    }
  }

  /** Takes out what was in effect when the request went out, and all that is from then on. */
  function answerOf(sessionId: string, before: Credentials, scrubber: Scrubber): CredentialedAnswer & OpenAnswer {
    let known = before;
    const streams: GrowingReplacer[] = [];
    const current = () => scrubbers.of(known) ?? scrubber;
    const stream: Scrubber["stream"] = ({ keepsLength }) => {
      const replacer = createGrowingReplacer(scrubbers, { from: known, keepsLength });
      streams.push(replacer);
      return transformOf(replacer);
    };
    const growing: Scrubber = {
      headers: (raw) => current().headers(raw),
      text: (text) => current().text(text),
      whole: (bytes, options) => current().whole(bytes, options),
      pieces: (options) => current().pieces(options),
      stream,
    };
    const learn = (credentials: Credentials) => {
      known = scrubbers.both(known, credentials);
      for (const each of streams) each.learn(credentials);
    };
    return {
      learn,
      async rewrite(head, body) {
        // A worker may have renewed one while this answer was waited for.
        const now = await inEffect(sessionId).catch((error: unknown) => {
          if (error instanceof Refusal) return before;
          throw error;
        });
        learn(now);
        return scrubAnswer(growing, head, body);
      },
      headers: growing.headers,
      text: growing.text,
      socket: () => stream({ keepsLength: true }),
    };
  }

  return async ({ sessionId, ...request }) => {
    const now = await fresh(sessionId, request);
    const injected = await injectCredentials(now, request, clock.now());
    const scrubber = scrubbers.of(now);
    const answer = scrubber && answerOf(sessionId, now, scrubber);
    const renewable = usesOf(now, request).find(({ auth }) => auth.type === "mcp_oauth" && auth.refresh !== null);
    const renew = renewable ? () => renewRefused(sessionId, renewable) : null;
    const check = () => checkUsed(sessionId, request, { before: now, names: injected.used });
    const openAnswer = (end: (refusal: Refusal) => void) => answer ?? endsWithFirst(end);
    const whileOpen = (end: (refusal: Refusal) => void) => open.add(sessionId, now, openAnswer(end));
    return { ...injected, answer, renew, check, whileOpen };
  };

  /** It goes to the sandbox as it comes, and may have been asked for in an encoding that can't be looked into. */
  function endsWithFirst(end: (refusal: Refusal) => void): OpenAnswer {
    let ended = false;
    return {
      learn(credentials) {
        if (ended || scrubbers.of(credentials) === null) return;
        ended = true;
        const message = "The session's first credential took effect while this was open. Ask again.";
        end(new Refusal("credential_new", message));
      },
    };
  }
}
