// How a worker of a test reaches MCP servers: as the real one does, with the keys of the test.
import type { Database } from "../../src/db/database.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createLogger } from "../../src/lib/logger.ts";
import type { OutsideFetch } from "../../src/lib/outside-fetch.ts";
import { scrubWhileOpen } from "../../src/secrets/inject/scrub-while-open.ts";
import { createMcpBearers } from "../../src/secrets/mcp-bearers.ts";
import { createRefreshToken } from "../../src/secrets/refresh-token.ts";
import { createSendTokenRequest } from "../../src/secrets/send-token-request.ts";
import { createTeamKeys } from "../../src/secrets/team-keys.ts";
import type { McpAccess } from "../../src/sessions/session-mcp.ts";
import { createTellCredentialFailed } from "../../src/sessions/tell-credential-failed.ts";
import type { openSealer } from "./sealed-world.ts";

export function createTestMcpAccess(options: {
  db: Database;
  sealer: Awaited<ReturnType<typeof openSealer>>;
  fetch: OutsideFetch;
}): McpAccess {
  const { db, sealer, fetch } = options;
  const credentials = sealer.broker();
  const refreshToken = createRefreshToken({
    ...{ db, teamKeys: createTeamKeys({ ring: sealer.ring }), clock: systemClock },
    send: createSendTokenRequest(fetch),
  });
  const logger = createLogger("test", { level: "silent", pretty: false });
  const tellFailed = createTellCredentialFailed({ db, clock: systemClock, onLogGrew: () => undefined, logger });
  return {
    fetch,
    bearers: createMcpBearers({ credentials, refreshToken, tellFailed, clock: systemClock }),
    async scrubberFor(sessionId) {
      const from = await credentials.inEffect(sessionId);
      return (body) => scrubWhileOpen(body, { from, inEffect: () => credentials.inEffect(sessionId) });
    },
    ceiling: { type: "unrestricted" },
    version: "0",
  };
}
