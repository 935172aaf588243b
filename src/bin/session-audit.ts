// Audit lines of what sessions ask of the outside, into the database, and of security events into their sessions' logs.
import type { Database } from "../db/database.ts";
import type { createNotifier } from "../db/wakeups.ts";
import { type AuditQueue, createAuditQueue } from "../egress/audit-queue.ts";
import type { Logger } from "../lib/logger.ts";
import { createRecordEgressRequests } from "../sessions/record-egress-requests.ts";

export function openSessionAudit(options: {
  db: Database;
  notifier: Pick<ReturnType<typeof createNotifier>, "logGrew">;
  logger: Logger;
}): AuditQueue {
  const { db, notifier, logger } = options;
  const record = createRecordEgressRequests({ db, now: Date.now, onLogGrew: notifier.logGrew });
  return createAuditQueue({
    async write(lines) {
      const rows = lines.flatMap(({ at, teamId, sessionId, ...line }) => {
        if (teamId !== null) return [{ ...line, createdAt: at, teamId, sessionId }];
        // Nobody's to read in the API.
        logger.warn({ ...line }, "a sandbox without a session asked for the outside");
        return [];
      });
      if (rows.length > 0) await record(rows);
    },
    logger,
  });
}
