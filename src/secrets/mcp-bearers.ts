// What authorizes a session at an MCP server: the token of the credential of its vaults that is for this server's address.
import type { Clock } from "../lib/clock.ts";
import type { TellCredentialFailed } from "./credential-failed.ts";
import { createForcedRenewals } from "./forced-renewals.ts";
import { type createRefreshToken, needsRenewal } from "./refresh-token.ts";
import type { SessionCredential, SessionCredentials } from "./session-credentials.ts";

/** The token could not be renewed, and is over; the session was told. The message is a sentence without anything secret. */
export class RenewalFailed extends Error {
  readonly final: boolean;
  constructor({ problem, final }: { problem: string; final: boolean }) {
    super(problem);
    this.name = "RenewalFailed";
    this.final = final;
  }
}

/** `value`: of `Authorization`. `credential`: its name, for the audit line. */
export type McpBearer = { value: string; credential: string };

export type McpBearers = {
  /** Null: no vault of the session holds a credential for it. Throws `RenewalFailed`, and `unavailable`. */
  headerFor(sessionId: string, url: string): Promise<McpBearer | null>;
  /** The server took `refused` for invalid: the one in its place; null: there is no other, and no way to get one. Throws `RenewalFailed`. */
  renewedFor(sessionId: string, url: string, refused: string): Promise<McpBearer | null>;
};

export function createMcpBearers(options: {
  credentials: SessionCredentials;
  refreshToken: ReturnType<typeof createRefreshToken>;
  tellFailed: TellCredentialFailed;
  clock: Clock;
}): McpBearers {
  const { credentials, refreshToken, tellFailed, clock } = options;
  const forced = createForcedRenewals({ clock });

  /** The first in the order of the session's vaults. */
  async function find(sessionId: string, url: string): Promise<SessionCredential | null> {
    const found = (await credentials.inEffect(sessionId)).find(
      ({ auth }) => (auth.type === "static_bearer" || auth.type === "mcp_oauth") && auth.mcp_server_url === url,
    );
    return found ?? null;
  }

  async function renew(
    sessionId: string,
    url: string,
    credential: SessionCredential,
  ): Promise<SessionCredential | null> {
    const outcome = await refreshToken(sessionId, credential);
    if (outcome.did === "failed") throw new RenewalFailed(outcome);
    credentials.forget(sessionId);
    return find(sessionId, url);
  }

  async function orTold<T>(sessionId: string, credential: SessionCredential, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof RenewalFailed)
        await tellFailed({ sessionId, credential, problem: error.message, final: error.final });
      throw error;
    }
  }

  return {
    async headerFor(sessionId, url) {
      const credential = await find(sessionId, url);
      if (!credential || !needsRenewal(credential, clock.now())) return credential && headerOf(credential);
      if (isOver(credential, clock.now()))
        return headerOf(await orTold(sessionId, credential, renew(sessionId, url, credential)));
      try {
        return headerOf(await renew(sessionId, url, credential));
      } catch (error) {
        // Until it is over it is worth a try.
        if (!(error instanceof RenewalFailed)) throw error;
        return headerOf(credential);
      }
    },
    async renewedFor(sessionId, url, refused) {
      const credential = await find(sessionId, url);
      if (!credential) return null;
      // Another request, or a person, has changed it meanwhile.
      const now = headerOf(credential);
      if (now?.value !== refused) return now;
      if (!forced.mayForce(credential)) return null;
      const renewed = headerOf(await orTold(sessionId, credential, renew(sessionId, url, credential)));
      return renewed?.value === refused ? null : renewed;
    },
  };
}

function headerOf(credential: SessionCredential | null): McpBearer | null {
  const token = credential && (credential.secrets.token ?? credential.secrets.access_token);
  return credential && token ? { value: `Bearer ${token.reveal()}`, credential: credential.name } : null;
}

function isOver({ auth }: SessionCredential, now: number): boolean {
  return auth.type === "mcp_oauth" && auth.expires_at !== null && Date.parse(auth.expires_at) <= now;
}
