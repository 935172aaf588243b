// Writes into a session's log that an OAuth credential of its vaults could not be renewed when it was needed.
import type { SessionErrorEvent } from "../contract/events.ts";
import { canonicalUrl } from "../contract/https-url.ts";
import { listMcpServersOf, noteTold } from "../db/credential-refreshes.ts";
import { type Database, inTransaction } from "../db/database.ts";
import { appendEvents } from "../db/events.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { Clock } from "../lib/clock.ts";
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import type { CredentialFailed, TellCredentialFailed } from "../secrets/credential-failed.ts";

const MAX_KNOWN = 10_000;

export function createTellCredentialFailed(options: {
  db: Database;
  clock: Clock;
  onLogGrew: (wakeup: LogWakeup) => void;
  logger: Logger;
}): TellCredentialFailed {
  const { db, clock, onLogGrew, logger } = options;
  /** What this process has told: asking the database for each request that fails would be a burden. */
  const known = new Set<string>();

  async function tell(failed: CredentialFailed): Promise<void> {
    const { sessionId, credential, final } = failed;
    const { id: credentialId, version, teamId } = credential;
    const lastSeq = await inTransaction(db, async (tx) => {
      if (!(await noteTold(tx, { sessionId, credentialId, version, final }))) return null;
      const now = clock.now();
      const payload = { error: errorOf(failed, await listMcpServersOf(tx, sessionId)) };
      return appendEvents(tx, {
        sessionId,
        ifOpenIn: { teamId },
        events: [{ id: newId("event", now), type: "session.error", payload, processedAt: new Date(now) }],
      });
    });
    if (lastSeq !== null) onLogGrew({ sessionId, lastSeq });
  }

  return async (failed) => {
    const { sessionId, credential, final } = failed;
    const key = `${sessionId} ${credential.id} ${credential.version} ${final}`;
    if (known.has(key)) return;
    try {
      await tell(failed);
      if (known.size >= MAX_KNOWN) known.clear();
      known.add(key);
    } catch (error) {
      logger.warn({ err: error, sessionId, credentialId: credential.id }, "a session was not told of its credential");
    }
  };
}

type SessionError = SessionErrorEvent["error"];

function errorOf(
  { credential, problem, final }: CredentialFailed,
  servers: { name: string; url: string }[],
): SessionError {
  const { auth, id, vaultId } = credential;
  const address = auth.type === "mcp_oauth" ? auth.mcp_server_url : "";
  const name = servers.find(({ url }) => isSame(url, address))?.name ?? new URL(address).host;
  const help = final ? " Authorize it again, and put the new tokens into the vault." : "";
  return {
    type: "mcp_authentication_failed_error",
    message: `MCP server ${name}: The credential could not be renewed: ${problem}${help}`,
    mcp_server_name: name,
    credential_id: id,
    vault_id: vaultId,
    retry_status: { type: "retrying" },
  };
}

/** The vault has the address in its canonical form, the agent as it was written. */
function isSame(written: string, address: string): boolean {
  const canonical = canonicalUrl(written);
  return ("url" in canonical ? canonical.url : written) === address;
}
