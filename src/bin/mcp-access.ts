// How a worker reaches MCP servers. The keys of stored credentials are read when the first session needs one: a worker without them does all else.
import type { Database } from "../db/database.ts";
import { readEffectiveStamp } from "../db/session-credentials.ts";
import type { LogWakeup } from "../db/wakeups.ts";
import type { AuditQueue } from "../egress/audit-queue.ts";
import { createAuditedFetch } from "../egress/audited-fetch.ts";
import { systemClock } from "../lib/clock.ts";
import { messageOf, PlatformError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { OutsideFetch } from "../lib/outside-fetch.ts";
import { toKekSource } from "../secrets/check-keks.ts";
import { scrubWhileOpen } from "../secrets/inject/scrub-while-open.ts";
import { openKeyRing } from "../secrets/key-ring.ts";
import { createMcpBearers } from "../secrets/mcp-bearers.ts";
import { createRefreshToken } from "../secrets/refresh-token.ts";
import { createSendTokenRequest } from "../secrets/send-token-request.ts";
import { createSessionCredentials, type SessionCredentials } from "../secrets/session-credentials.ts";
import { createTeamKeys, type TeamKeys } from "../secrets/team-keys.ts";
import type { McpAccess } from "../sessions/session-mcp.ts";
import { createTellCredentialFailed } from "../sessions/tell-credential-failed.ts";
import type { Config } from "./config.ts";
import { kekPlace } from "./kek-place.ts";
import { packageVersion } from "./version.ts";

const clock = systemClock;

export function createMcpAccess(options: {
  db: Database;
  config: Config;
  fetch: OutsideFetch;
  audit: AuditQueue;
  onLogGrew: (wakeup: LogWakeup) => void;
  logger: Logger;
}): McpAccess {
  const { db, config, fetch, audit, onLogGrew, logger } = options;
  let opening: Promise<{ teamKeys: TeamKeys; credentials: SessionCredentials }> | null = null;

  function open() {
    opening ??= openKeyRing({ source: toKekSource(kekPlace(config)), clock }).then(
      (ring) => {
        const teamKeys = createTeamKeys({ ring });
        return { teamKeys, credentials: createSessionCredentials({ db, teamKeys, clock, logger }) };
      },
      (cause: unknown) => {
        opening = null;
        logger.error({ reason: messageOf(cause) }, "stored credentials cannot be opened by this worker");
        const message = "This worker cannot open stored credentials; its log says why.";
        throw new PlatformError("unavailable", message, { cause });
      },
    );
    return opening;
  }

  const credentials: SessionCredentials = {
    async inEffect(sessionId) {
      if (opening === null && (await readEffectiveStamp(db, sessionId)) === "") return [];
      return (await open()).credentials.inEffect(sessionId);
    },
    // Before whoever asks next, who waits for the same promise.
    forget: (sessionId) => void opening?.then((opened) => opened.credentials.forget(sessionId)),
  };
  const leaving = { fetch, audit, logger, now: clock.now };
  const send = createSendTokenRequest(createAuditedFetch({ ...leaving, source: "credential" }));
  const bearers = createMcpBearers({
    ...{ credentials, clock },
    tellFailed: createTellCredentialFailed({ db, clock, onLogGrew, logger }),
    refreshToken: async (sessionId, credential) =>
      createRefreshToken({ db, teamKeys: (await open()).teamKeys, clock, send })(sessionId, credential),
  });
  const audited = createAuditedFetch({ ...leaving, source: "mcp" });
  return { fetch: audited, bearers, scrubberFor, ceiling: config.egress.networkingCeiling, version: packageVersion() };

  /** Whatever credential of the session a server gives back: it may have been told it by another way. */
  async function scrubberFor(sessionId: string) {
    const from = await credentials.inEffect(sessionId);
    return (body: ReadableStream<Uint8Array>) =>
      scrubWhileOpen(body, { from, inEffect: () => credentials.inEffect(sessionId) });
  }
}
