// One request of a session from its first line to its audit line.
import { newId } from "../lib/ids.ts";
import type { Logger } from "../lib/logger.ts";
import { InjectionRefused } from "../secrets/inject/injection-refused.ts";
import type { AuditLine, AuditQueue, EgressSource } from "./audit-queue.ts";
import type { Policy } from "./decide.ts";
import { Refusal } from "./refusal.ts";

const MAX_PATH = 1024;
const MAX_DURATION_MS = 2 ** 31 - 1;

export type Exchange = {
  /** Filled in while it goes on. */
  line: AuditLine;
  belongsTo(policy: Policy | null): void;
  refused(refusal: Refusal): void;
  /** Names of credentials that were put into the request; the list may grow until the end. */
  used(names: readonly string[]): void;
  /** Once: writes the line. */
  end(): void;
};

/** `source`: absent: `sandbox`. */
export type ExchangeParts = { audit: AuditQueue; logger: Logger; now: () => number; source?: EgressSource };

const askers: Record<EgressSource, string> = {
  sandbox: "a sandbox",
  mcp: "an MCP server of a session",
  web: "a web tool",
  credential: "the renewal or the try of a credential",
};

export function beginExchange(
  { audit, logger, now, source = "sandbox" }: ExchangeParts,
  request: { method: string; host: string; port: number; path: string },
): Exchange {
  const startedAt = now();
  const line: AuditLine = {
    id: newId("egressRequest", startedAt),
    at: new Date(startedAt),
    source,
    teamId: null,
    sessionId: null,
    method: request.method,
    host: request.host.slice(0, 253),
    port: request.port,
    // A query may hold anything; what comes after the path is nobody's but the upstream's.
    path: (request.path.split(/[?#]/, 1)[0] ?? "").slice(0, MAX_PATH),
    decision: "allow",
    rule: "",
    detail: null,
    credentials: [],
    suspicious: false,
    status: null,
    requestBytes: 0,
    responseBytes: 0,
    durationMs: 0,
  };
  let ended = false;
  let used: readonly string[] = [];
  return {
    line,
    belongsTo(policy) {
      line.teamId = policy?.teamId ?? null;
      line.sessionId = policy?.sessionId ?? null;
    },
    refused(refusal) {
      line.decision = refusal.outcome;
      line.rule = refusal.rule;
      line.detail = refusal.detail;
      line.suspicious = refusal.suspicious;
    },
    used(names) {
      used = names;
    },
    end() {
      if (ended) return;
      ended = true;
      line.credentials = [...new Set(used)];
      // What the database takes; a connection may last for weeks.
      line.durationMs = Math.min(MAX_DURATION_MS, Math.max(0, Math.round(now() - startedAt)));
      audit.add(line);
      const { sessionId, host, rule, detail } = line;
      if (line.suspicious)
        logger.warn({ sessionId, host, rule, detail }, `${askers[source]} tried what no program does by accident`);
    },
  };
}

export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof InjectionRefused) {
    const { rule, message, status, detail } = error;
    return new Refusal(rule, message, { ...(status && { status }), ...(detail && { detail }), cause: error });
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words = error instanceof Error ? error.message : String(error);
  if (/CERT|SELF_SIGNED|ISSUER|UNABLE_TO_VERIFY|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/.test(code))
    return new Refusal("upstream_certificate", `The host's certificate is not trusted: ${words}.`, {
      detail: code,
      cause: error,
    });
  return new Refusal("upstream_failed", `The host could not be reached: ${code || words}.`, {
    detail: code || words,
    cause: error,
  });
}
