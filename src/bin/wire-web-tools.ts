// `web_fetch` and `web_search` with the operator's settings.
import { createSecureContext } from "node:tls";
import type { Database } from "../db/database.ts";
import { findSessionNetworking } from "../db/session-networking.ts";
import type { AuditQueue } from "../egress/audit-queue.ts";
import { createDialGuard } from "../egress/dial-guard.ts";
import { listOf } from "../egress/refused-addresses.ts";
import type { Logger } from "../lib/logger.ts";
import { createWebTools } from "../web-tools/create-web-tools.ts";
import type { WebTools } from "../web-tools/web-tools.ts";
import type { Config } from "./config.ts";
import { trustedCertificates } from "./trusted-certificates.ts";

export function wireWebTools(options: { config: Config; db: Database; audit: AuditQueue; logger: Logger }): WebTools {
  const { config, db, audit, logger } = options;
  const { namedHosts, refusedRanges, caFile, networkingCeiling } = config.egress;
  return createWebTools({
    guard: createDialGuard({ namedHosts, refusedRanges: listOf(refusedRanges) }),
    trusted: createSecureContext({ ca: trustedCertificates(caFile), minVersion: "TLSv1.2" }),
    readPolicy: async (caller) => {
      const found = await findSessionNetworking(db, caller);
      return found && { ...found, ceiling: networkingCeiling };
    },
    audit,
    searchUrl: config.searchUrl,
    logger,
    now: Date.now,
  });
}
