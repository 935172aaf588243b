// `web_fetch` and `web_search` with the operator's settings, and their audit lines beside those of the sandboxes.
import { createSecureContext } from "node:tls";
import type { Database } from "../db/database.ts";
import { findSessionNetworking, insertEgressRequests } from "../db/egress-requests.ts";
import { type AuditLine, createAuditQueue } from "../egress/audit-queue.ts";
import { createDialGuard } from "../egress/dial-guard.ts";
import { listOf } from "../egress/refused-addresses.ts";
import type { Logger } from "../lib/logger.ts";
import { createWebTools } from "../web-tools/create-web-tools.ts";
import type { WebTools } from "../web-tools/web-tools.ts";
import type { Config } from "./config.ts";
import { trustedCertificates } from "./trusted-certificates.ts";

export function wireWebTools({ config, db, logger }: { config: Config; db: Database; logger: Logger }): WebTools {
  const { namedHosts, refusedRanges, caFile } = config.egress;
  return createWebTools({
    guard: createDialGuard({ namedHosts, refusedRanges: listOf(refusedRanges) }),
    trusted: createSecureContext({ ca: trustedCertificates(caFile), minVersion: "TLSv1.2" }),
    readPolicy: (caller) => findSessionNetworking(db, caller),
    audit: createAuditQueue({
      write: async (lines) => {
        await insertEgressRequests(db, lines.flatMap(toRow));
      },
      logger,
    }),
    searchUrl: config.searchUrl,
    logger,
    now: Date.now,
  });
}

function toRow({ at, teamId, sessionId, ...line }: AuditLine) {
  // A call without a session there is not.
  return teamId === null || sessionId === null ? [] : [{ ...line, createdAt: at, teamId, sessionId }];
}
