// The MCP servers of a session during one hold: asked at the first model request, and for each call of one of their tools.
import type { SessionAgent } from "../contract/agents.ts";
import { allowingRule } from "../contract/allowing-rule.ts";
import { refusingCeiling } from "../contract/ceilings.ts";
import type { Networking } from "../contract/environments.ts";
import type { McpErrorType } from "../contract/events.ts";
import { canonicalUrl } from "../contract/https-url.ts";
import type { McpServer } from "../contract/mcp-servers.ts";
import type { Database } from "../db/database.ts";
import type { Fence } from "../db/events.ts";
import { noteMcpCall } from "../db/mcp-calls.ts";
import { persistently } from "../db/persistently.ts";
import { findSessionNetworking } from "../db/session-networking.ts";
import type { OfferedMcp } from "../harnesses/harness.ts";
import { abortable } from "../lib/abortable.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import { OutsideFailure, type OutsideFetch } from "../lib/outside-fetch.ts";
import { connectMcp, type McpConnection } from "../mcp/connect-mcp.ts";
import type { ListedTool } from "../mcp/listed-tools.ts";
import { McpFailure } from "../mcp/mcp-failure.ts";
import type { McpAuthorization } from "../mcp/mcp-fetch.ts";
import { type ReadResult, readResult } from "../mcp/read-result.ts";
import { modelToolName } from "../mcp/tool-names.ts";
import { type McpBearers, RenewalFailed } from "../secrets/mcp-bearers.ts";

export type McpTool = ListedTool & { server: string; modelName: string };
/** A server whose tools cannot be offered now. `toldElsewhere`: the session has its `session.error` already, from when the credential failed. */
export type McpProblem = { server: string; type: McpErrorType; message: string; toldElsewhere: boolean };

/** What a worker needs to reach MCP servers. */
export type McpAccess = {
  fetch: OutsideFetch;
  bearers: McpBearers;
  scrubberFor: (sessionId: string) => ReturnType<McpAuthorization["scrubber"]>;
  /** What no environment of this server may exceed. */
  ceiling: Networking;
  version: string;
};

export type McpCall = {
  toolUseId: string;
  server: string;
  tool: string;
  input: Record<string, unknown>;
  /** A worker before this one may have sent it. */
  maybeSent: boolean;
  signal: AbortSignal;
};
export type McpOutcome =
  | { how: "answered"; result: ReadResult; durationMs: number }
  /** Why, for the model. */
  | { how: "failed"; message: string };

export type SessionMcp = {
  /** Servers that were not asked yet, or whose tools have changed, are asked; the others are not. `signal`'s reason is thrown when it is aborted. */
  refresh(signal: AbortSignal): Promise<void>;
  /** As last asked. Of servers in the agent's order, then in each server's. */
  readonly tools: readonly McpTool[];
  /** As last asked. */
  readonly problems: readonly McpProblem[];
  /** Problems that were not told in this hold; once. */
  takeNewProblems(): McpProblem[];
  /** Sends it at most once, also across workers. Throws `lease_lost`, and the signal's reason when it is aborted. */
  call(call: McpCall): Promise<McpOutcome>;
  close(): Promise<void>;
};

/** A server that is away is asked again with a later model request of the same hold. */
const ASK_AGAIN_MS = 30_000;
/** One that took long not to answer is left alone for so many times as long. */
const ASK_AGAIN_TIMES = 5;
const ATTEMPTS = 2;
const PAUSE_MS = 500;

const MAY_HAVE_RUN =
  "It may have run, in part or in full: nobody knows. Look at the present state before you do it again.";

type Known = {
  server: McpServer;
  url: string;
  connection: Promise<McpConnection> | null;
  /** `askAgainAt`: where there is a problem. */
  listed: { tools: ListedTool[]; problem: McpProblem | null; askAgainAt: number } | null;
  stale: boolean;
};

export function createSessionMcp(options: {
  db: Database;
  access: McpAccess | null;
  sessionId: string;
  teamId: string;
  fence: Fence;
  agent: () => SessionAgent;
  clock: Clock;
  logger: Logger;
  signal: AbortSignal;
}): SessionMcp {
  const { db, access, sessionId, fence, clock, logger } = options;
  const known = new Map<string, Known>();
  const told = new Set<string>();
  const closing: Promise<void>[] = [];
  /** How many work with a connection; one that was left is closed by the last of them. */
  const working = new Map<Promise<McpConnection>, number>();
  const left = new Set<Promise<McpConnection>>();
  let tools: readonly McpTool[] = [];
  let problems: readonly McpProblem[] = [];

  /** Of servers that are the agent's now; what was known of others is dropped. */
  function servers(): Known[] {
    const wanted = options.agent().mcp_servers;
    for (const [name, { server, connection }] of known)
      if (!wanted.some((other) => other.name === name && other.url === server.url)) {
        known.delete(name);
        if (connection && working.has(connection)) left.add(connection);
        else drop(connection);
      }
    return wanted.map((server) => {
      const before = known.get(server.name);
      if (before) return before;
      const canonical = canonicalUrl(server.url);
      const url = "url" in canonical ? canonical.url : server.url;
      const made: Known = { server, url, connection: null, listed: null, stale: false };
      known.set(server.name, made);
      return made;
    });
  }

  function drop(connection: Promise<McpConnection> | null): void {
    if (!connection) return;
    const closed = connection.then(
      (open) => open.close(),
      () => undefined, // It was never open, and who asked for it was told why.
    );
    closing.push(
      closed.catch((error: unknown) =>
        logger.debug({ err: error }, "a connection to an MCP server did not close well"),
      ),
    );
  }

  async function mayReach(): Promise<(host: string) => string> {
    const found = await findSessionNetworking(db, { sessionId });
    const others = { packageHosts: [], mcpHosts: options.agent().mcp_servers.map(({ url }) => new URL(url).hostname) };
    return (host) => {
      const above = access && found && refusingCeiling({ ...found, ceiling: access.ceiling }, host, others);
      if (above) throw new OutsideFailure("permission_denied", above.message, { maybeSent: false, rule: above.rule });
      const rule = found && allowingRule(found.networking, host, others);
      if (rule !== null) return rule;
      throw new OutsideFailure(
        "permission_denied",
        `${host} is not among the allowed hosts of this session's environment. Add it to networking.allowed_hosts, or set networking.allow_mcp_servers.`,
        { maybeSent: false },
      );
    };
  }

  function authorizationOf({ url }: Known, { bearers, scrubberFor }: McpAccess): McpAuthorization {
    const orFailure = (error: unknown) => {
      if (!(error instanceof RenewalFailed)) throw error;
      throw new McpFailure("authentication", `The credential could not be renewed: ${error.message}`, {
        ...{ mayHaveRun: false, cause: error },
      });
    };
    return {
      header: () => bearers.headerFor(sessionId, url).catch(orFailure),
      renewed: (refused) => bearers.renewedFor(sessionId, url, refused).catch(orFailure),
      scrubber: () => scrubberFor(sessionId),
    };
  }

  /** One for all who need it. Rejects with `McpFailure`. */
  function connect(entry: Known): Promise<McpConnection> {
    if (!access)
      return Promise.reject(new McpFailure("connection", "This worker reaches no MCP servers.", { mayHaveRun: false }));
    entry.connection ??= connectMcp({
      url: new URL(entry.url),
      fetch: access.fetch,
      authorization: authorizationOf(entry, access),
      mayReach,
      caller: { teamId: options.teamId, sessionId },
      version: access.version,
      signal: options.signal,
      onToolsChanged() {
        entry.stale = true;
      },
    }).catch((error: unknown) => {
      entry.connection = null;
      throw error;
    });
    return entry.connection;
  }

  /** It is used for nothing new. What others have under way on it may still be answered: what failed may have failed alone. */
  function leave(entry: Known, connection: Promise<McpConnection>): void {
    if (entry.connection === connection) entry.connection = null;
    left.add(connection);
  }

  async function workWith<T>(connection: Promise<McpConnection>, work: () => Promise<T>): Promise<T> {
    working.set(connection, (working.get(connection) ?? 0) + 1);
    try {
      return await work();
    } finally {
      const others = (working.get(connection) ?? 1) - 1;
      if (others > 0) working.set(connection, others);
      else {
        working.delete(connection);
        if (left.delete(connection)) drop(connection);
      }
    }
  }

  /** With another try where that can help. */
  async function withConnection<T>(
    entry: Known,
    signal: AbortSignal,
    work: (open: McpConnection) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const connection = connect(entry);
      const done = await workWith(connection, async () => {
        try {
          return { result: await work(await abortable(connection, signal)) };
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof McpFailure) || error.kind !== "connection") throw error;
          // Also a server that has forgotten the connection's session.
          leave(entry, connection);
          if (error.mayHaveRun || attempt >= ATTEMPTS) throw error;
          return null;
        }
      });
      if (done) return done.result;
      await clock.sleep(PAUSE_MS, signal);
    }
  }

  async function list(entry: Known, signal: AbortSignal): Promise<void> {
    const startedAt = clock.now();
    entry.stale = false;
    try {
      const found = await withConnection(entry, signal, (open) => open.listTools(signal).catch(asNotRun));
      entry.listed = { tools: found, problem: null, askAgainAt: 0 };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof McpFailure)) throw error;
      logger.warn({ server: entry.server.name, reason: error.message }, "an MCP server's tools could not be listed");
      const now = clock.now();
      const askAgainAt = now + Math.max(ASK_AGAIN_MS, ASK_AGAIN_TIMES * (now - startedAt));
      entry.listed = { tools: [], problem: problemOf(entry, error), askAgainAt };
    }
  }

  return {
    get tools() {
      return tools;
    },
    get problems() {
      return problems;
    },
    async refresh(signal) {
      const now = clock.now();
      const all = servers();
      const due = all.filter(
        ({ listed, stale }) => !listed || stale || (listed.problem !== null && now >= listed.askAgainAt),
      );
      if (due.length === 0 && all.length === 0) return;
      await Promise.all(due.map((entry) => list(entry, signal)));
      tools = named(all, options.agent());
      problems = all.flatMap(({ listed }) => listed?.problem ?? []);
    },
    takeNewProblems() {
      const fresh = problems.filter((problem) => !problem.toldElsewhere && !told.has(JSON.stringify(problem)));
      for (const problem of fresh) told.add(JSON.stringify(problem));
      return fresh;
    },
    async call({ toolUseId, server, tool, input, maybeSent, signal }) {
      const entry = servers().find((other) => other.server.name === server);
      if (!entry)
        return {
          how: "failed",
          message: `${tool}: the MCP server ${server} is not the agent's any more. Nothing was run.`,
        };
      let sent = false;
      const startedAt = clock.now();
      try {
        const result = await withConnection(entry, signal, async (open) => {
          if (!sent) sent = await mayBeSent({ toolUseId, maybeSent });
          return open.call({ callId: toolUseId, tool, arguments: input, signal });
        });
        return { how: "answered", result: readResult(result), durationMs: clock.now() - startedAt };
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof AlreadySent)
          return {
            how: "failed",
            message: `${tool}: the worker that sent this call to the MCP server ${server} ended before the answer came. ${MAY_HAVE_RUN}`,
          };
        if (!(error instanceof McpFailure)) throw error;
        logger.warn({ toolUseId, server, reason: error.message }, "an MCP call failed");
        if (error.kind === "answered") return { how: "failed", message: `${tool}: ${error.message}` };
        const ran = sent && error.mayHaveRun ? MAY_HAVE_RUN : "Nothing was run.";
        return { how: "failed", message: `${tool}, of the MCP server ${server}: ${error.message} ${ran}` };
      }
    },
    async close() {
      for (const { connection } of known.values()) drop(connection);
      for (const connection of left) drop(connection);
      left.clear();
      await Promise.all(closing);
    },
  };

  /** Throws `AlreadySent`, and `lease_lost`. */
  async function mayBeSent({ toolUseId, maybeSent }: Pick<McpCall, "toolUseId" | "maybeSent">): Promise<true> {
    const about = { sessionId, fence, toolUseId };
    const noted = await persistently(
      // A note whose answer was lost is this worker's own, unless another one had the call before.
      async (attempt) => (await noteMcpCall(db, about)) || (attempt > 0 && !maybeSent),
      { clock, logger, signal: options.signal },
    );
    if (!noted) throw new AlreadySent();
    return true;
  }
}

/** What of it goes into a request to the model. */
export function offeredMcp({ mcp }: { mcp: SessionMcp }): OfferedMcp {
  return { tools: mcp.tools, away: mcp.problems.map(({ server }) => server) };
}

class AlreadySent extends Error {}

/** A list may be asked for as often as one likes. */
function asNotRun(error: unknown): never {
  if (!(error instanceof McpFailure) || !error.mayHaveRun) throw error;
  throw new McpFailure(error.kind, error.message, { mayHaveRun: false, cause: error });
}

function problemOf({ server }: Known, failure: McpFailure): McpProblem {
  const type = failure.kind === "authentication" ? "mcp_authentication_failed_error" : "mcp_connection_failed_error";
  const toldElsewhere = failure.cause instanceof RenewalFailed;
  return { server: server.name, type, message: `MCP server ${server.name}: ${failure.message}`, toldElsewhere };
}

function named(all: readonly Known[], agent: SessionAgent): McpTool[] {
  const taken = new Set(agent.tools.flatMap((tool) => (tool.type === "custom" ? [tool.name] : [])));
  return all.flatMap(({ server, listed }) =>
    (listed?.tools ?? []).map((tool) => {
      const modelName = modelToolName(server.name, tool.name, (name) => taken.has(name));
      taken.add(modelName);
      return { ...tool, server: server.name, modelName };
    }),
  );
}
