// Whether an OAuth credential works: its MCP server is asked with it, and once more after a renewal when it refuses.
import type { CredentialValidation, ProbeResponse } from "../contract/credentials.ts";
import type { Sender } from "../contract/sender.ts";
import type { Database } from "../db/database.ts";
import { listFieldsOf } from "../db/session-credentials.ts";
import type { Clock } from "../lib/clock.ts";
import type { OutsideCaller } from "../lib/outside-fetch.ts";
import { nameOfCredential } from "./credential-ties.ts";
import { scrubWeb } from "./inject/scrub-web.ts";
import { createScrubber, type Scrubber } from "./inject/scrubber.ts";
import { createRefreshToken } from "./refresh-token.ts";
import { openField } from "./sealed-fields.ts";
import type { Secret } from "./secret.ts";
import type { SendTokenRequest } from "./send-token-request.ts";
import type { SessionCredential } from "./session-credentials.ts";
import type { TeamKeys } from "./team-keys.ts";
import type { TokenAnswer } from "./token-request.ts";

type Place = { teamId: string; vaultId: string; credentialId: string };

/** Connects to an MCP server and lists its tools. `method`: what failed. Never throws for what a server does. */
export type ProbeMcp = (input: {
  url: string;
  authorization: string;
  credential: string;
  caller: OutsideCaller;
  /** Takes the credential out of an answer, before any of it is cut off. */
  scrub: (body: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>;
}) => Promise<ProbeOutcome>;
export type ProbeOutcome = { works: true } | { works: false; method: string; answer: ProbeResponse | null };

/** `who`: tries it, for the audit. */
export type ValidateCredential = (place: Place, who: Sender) => Promise<CredentialValidation>;

const MAX_BODY_LENGTH = 4_096;
/** What a server answers to a credential that it does not take. */
const REJECTED: ReadonlySet<number> = new Set([401, 403]);

export function createValidateCredential(options: {
  db: Database;
  teamKeys: TeamKeys;
  clock: Clock;
  send: SendTokenRequest;
  probe: ProbeMcp;
}): ValidateCredential {
  const { db, teamKeys, clock, send, probe } = options;

  /** Null: nothing is stored any more. */
  async function open(place: Place): Promise<SessionCredential | null> {
    const rows = await listFieldsOf(db, place);
    const [first] = rows;
    if (!first) return null;
    const secrets: Record<string, Secret> = {};
    for (const { field, teamKey } of rows)
      secrets[field.field] = await openField(
        await teamKeys.open(teamKey),
        { ...place, field: field.field, version: field.version },
        field,
      );
    const { auth, version, displayName } = first;
    const name = nameOfCredential({ id: place.credentialId, displayName, auth });
    return { id: place.credentialId, ...place, name, version, auth, placeholder: null, secrets };
  }

  async function ask(credential: SessionCredential, who: Sender): Promise<ProbeOutcome> {
    const token = credential.secrets.access_token;
    if (credential.auth.type !== "mcp_oauth" || !token) return { works: false, method: "initialize", answer: null };
    const scrubber = createScrubber([credential]);
    const outcome = await probe({
      url: credential.auth.mcp_server_url,
      ...{ authorization: `Bearer ${token.reveal()}`, credential: credential.name },
      caller: { teamId: credential.teamId, sessionId: null, who },
      scrub: (body) => (scrubber ? scrubWeb(scrubber, body) : body),
    });
    if (outcome.works || outcome.answer === null) return outcome;
    const content_type = cleanText(outcome.answer.content_type, scrubber);
    return { ...outcome, answer: { ...outcome.answer, content_type } };
  }

  async function renew(credential: SessionCredential, who: Sender): Promise<CredentialValidation["refresh"]> {
    if (credential.auth.type !== "mcp_oauth" || credential.auth.refresh === null)
      return { status: "no_refresh_token", http_response: null };
    let answer: TokenAnswer | null = null;
    const refreshToken = createRefreshToken({
      ...{ db, teamKeys, clock },
      async send(request, caller) {
        answer = await send(request, { ...caller, who });
        return answer;
      },
    });
    const outcome = await refreshToken(null, credential);
    if (outcome.did === "changed") return { status: "succeeded", http_response: null };
    const said = answer as TokenAnswer | null;
    if (said === null) return { status: "connect_error", http_response: null };
    return { status: "failed", http_response: toResponse(said, createScrubber([credential])) };
  }

  return async function validateCredential(place, who) {
    const credential = await open(place);
    const hasRefreshToken = credential?.auth.type === "mcp_oauth" && credential.auth.refresh !== null;
    const verdict = (
      status: CredentialValidation["status"],
      found: Pick<CredentialValidation, "mcp_probe" | "refresh">,
    ): CredentialValidation => ({
      type: "vault_credential_validation",
      credential_id: place.credentialId,
      vault_id: place.vaultId,
      status,
      has_refresh_token: hasRefreshToken,
      ...found,
      validated_at: new Date(clock.now()).toISOString(),
    });
    if (!credential) return verdict("invalid", { mcp_probe: null, refresh: null });
    const first = await ask(credential, who);
    if (first.works) return verdict("valid", { mcp_probe: null, refresh: null });
    const refused = first.answer?.status_code;
    if (refused !== 401) return verdict(statusOf(first), { mcp_probe: probeOf(first), refresh: null });
    const refresh = await renew(credential, who);
    const renewed = refresh?.status === "succeeded" ? await open(place) : null;
    if (!renewed) {
      // Whether it is over is not known while nobody could be asked for another one.
      const status = refresh?.status === "connect_error" ? "unknown" : "invalid";
      return verdict(status, { mcp_probe: probeOf(first), refresh });
    }
    const second = await ask(renewed, who);
    return verdict(statusOf(second), { mcp_probe: probeOf(second), refresh });
  };
}

function statusOf(outcome: ProbeOutcome): CredentialValidation["status"] {
  if (outcome.works) return "valid";
  return outcome.answer && REJECTED.has(outcome.answer.status_code) ? "invalid" : "unknown";
}

function probeOf(outcome: ProbeOutcome): CredentialValidation["mcp_probe"] {
  return outcome.works ? null : { method: outcome.method, http_response: outcome.answer };
}

function toResponse({ status, body, contentType = "" }: TokenAnswer, scrubber: Scrubber | null): ProbeResponse {
  const clean = cleanText(body, scrubber);
  return {
    status_code: status,
    content_type: cleanText(contentType, scrubber),
    body: clean.slice(0, MAX_BODY_LENGTH),
    body_truncated: clean.length > MAX_BODY_LENGTH,
  };
}

function cleanText(text: string, scrubber: Scrubber | null): string {
  return scrubber ? scrubber.whole(Buffer.from(text), { keepsLength: false }).toString() : text;
}
