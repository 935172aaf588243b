// For tests of turns: sessions in a real database, workers with a scripted model and an in-memory backend, and what every log must satisfy.
import { sql } from "kysely";
import { expect } from "vitest";
import type { AgentTool, SessionAgent } from "../../src/contract/agents.ts";
import type { McpServer } from "../../src/contract/mcp-servers.ts";
import { type Database, inTransaction, openDatabase } from "../../src/db/database.ts";
import { appendEvents, readLog, type StoredEvent } from "../../src/db/events.ts";
import { createNotifier, type Notifier } from "../../src/db/wakeups.ts";
import { createBuiltinHarness } from "../../src/harnesses/builtin/builtin.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { newId } from "../../src/lib/ids.ts";
import { createLogger } from "../../src/lib/logger.ts";
import type { ModelClient } from "../../src/models/model.ts";
import type { SandboxBackend } from "../../src/sandboxes/sandbox.ts";
import { createRetryTurn } from "../../src/sessions/retry-turn.ts";
import type { LogGrowth } from "../../src/sessions/send-events.ts";
import type { McpAccess } from "../../src/sessions/session-mcp.ts";
import { createSessionSnapshots } from "../../src/sessions/session-snapshots.ts";
import { createWithdrawMessage } from "../../src/sessions/withdraw-message.ts";
import type { WebTools } from "../../src/web-tools/web-tools.ts";
import type { OwnerFile } from "../../src/worker/data-owner.ts";
import type { StartAlone } from "../../src/worker/lone-holds.ts";
import { runLoneWorker } from "../../src/worker/lone-worker.ts";
import { createWorker, type Worker } from "../../src/worker/worker.ts";
import { createMemoryBlobs, type MemoryBlobs } from "./memory-blobs.ts";
import { type FreshDatabase, freshDatabase } from "./postgres.ts";
import { until } from "./until.ts";
import { createOfflineWebTools } from "./web-world.ts";

export type TestWorker = { worker: Worker; id: string; db: Database; notifier: Notifier; stop(): Promise<void> };

export type TurnWorld = {
  readonly db: Database;
  readonly url: string;
  readonly teamId: string;
  readonly environmentId: string;
  /** Where its workers put snapshots. */
  readonly blobs: MemoryBlobs;
  startWorker(options: {
    model: ModelClient;
    backend: SandboxBackend;
    concurrency?: number;
    modelSilentMs?: number;
    teamSessions?: number;
    teamSandboxes?: number;
    sandboxIdleMs?: number;
    sweepMs?: number;
    drainMs?: number;
    random?: () => number;
    startAlone?: StartAlone;
    mcp?: McpAccess | null;
    /** Without: reaches nothing, and there is no search. */
    webTools?: WebTools;
  }): Promise<TestWorker>;
  createSession(options?: {
    tools?: AgentTool[];
    system?: string;
    budgetCents?: number;
    model?: string;
    mcpServers?: McpServer[];
    vaultIds?: string[];
  }): Promise<string>;
  /** As the API does: appended unprocessed, and the session is put up for work. Returns the ids. */
  send(sessionId: string, ...events: { type: string; [field: string]: unknown }[]): Promise<string[]>;
  say(sessionId: string, text: string): Promise<string>;
  /** As the API does. Throws `conflict` when the agent has read it. */
  withdraw(sessionId: string, eventId: string): Promise<void>;
  /** As the API does. Throws `conflict` unless the turn was given up. */
  retry(sessionId: string): Promise<void>;
  log(sessionId: string): Promise<StoredEvent[]>;
  session(sessionId: string): Promise<{
    status: string;
    stopReason: { type: string; event_ids?: string[] } | null;
    leased: boolean;
    wakeAt: Date | null;
    failedClaims: number;
    failuresAlone: number;
    costUsd: string;
    retryAttempt: number;
  }>;
  /** Waits until the session is idle and given back; checks its log; returns it. */
  settled(sessionId: string, options?: { timeoutMs?: number; reason?: string }): Promise<StoredEvent[]>;
  /** Stops its workers and leaves its sessions no work: what a test that failed left unfinished is taken up by no worker of the next one. */
  clear(): Promise<void>;
  dispose(): Promise<void>;
};

export const ALLOW_ALL: AgentTool[] = [
  {
    type: "agent_toolset_20260401",
    default_config: { enabled: true, permission_policy: { type: "always_allow" } },
    configs: [],
  },
];
export const ASK_ALL: AgentTool[] = [
  {
    type: "agent_toolset_20260401",
    default_config: { enabled: true, permission_policy: { type: "always_ask" } },
    configs: [],
  },
];

/** `database`: one that somebody else drops. */
export async function createTurnWorld({ database }: { database?: FreshDatabase } = {}): Promise<TurnWorld> {
  const fresh = database ?? (await freshDatabase());
  const logger = createLogger("test", { level: "silent", pretty: false });
  const db = openDatabase({ url: fresh.url, maxConnections: 5, applicationName: "test" });
  const notifier = createNotifier({ url: fresh.url, applicationName: "test", logger });
  const workers = new Set<TestWorker>();
  const blobs = createMemoryBlobs();
  const teamId = newId("team");
  const environmentId = newId("environment");
  const agentId = newId("agent");
  await sql`insert into teams (id, name) values (${teamId}, 'test')`.execute(db);
  await sql`insert into environments (id, team_id, name, config) values (${environmentId}, ${teamId}, 'test', '{}')`.execute(
    db,
  );
  await sql`insert into agents (id, team_id, version) values (${agentId}, ${teamId}, 1)`.execute(db);

  const onLogGrew = ({ sessionId, lastSeq }: LogGrowth) => notifier.logGrew({ sessionId, lastSeq });
  const withdrawMessage = createWithdrawMessage({ clock: systemClock, onLogGrew });
  const retryTurn = createRetryTurn({ clock: systemClock, onLogGrew });

  const world: TurnWorld = {
    db,
    url: fresh.url,
    teamId,
    environmentId,
    blobs,

    async startWorker({
      model,
      backend,
      concurrency = 10,
      modelSilentMs = 10_000,
      teamSessions = null,
      teamSandboxes = null,
      sandboxIdleMs = 900_000,
      sweepMs = 10_000,
      drainMs = 0,
      random = () => 0,
      startAlone,
      mcp = null,
      webTools = createOfflineWebTools(),
    }) {
      const id = newId("worker");
      const workerDb = openDatabase({ url: fresh.url, maxConnections: 8, applicationName: `pool-${id}` });
      const workerNotifier = createNotifier({ url: fresh.url, applicationName: `notify-${id}`, logger });
      const identity = (workerId: string) => ({
        id: workerId,
        lockKey: Math.floor(Math.random() * 2 ** 50),
        hostname: "test",
        pid: process.pid,
        version: "0",
      });
      const shared = {
        db: workerDb,
        databaseUrl: fresh.url,
        notifier: workerNotifier,
        harness: createBuiltinHarness({ models: model, clock: systemClock, canSearch: webTools.canSearch }),
        backend,
        webTools,
        snapshots: createSessionSnapshots({ db: workerDb, blobs, diskMb: 64, clock: systemClock, logger }),
        teamSandboxes,
        mcp,
        sandboxSpec: { limits: { memoryMb: 64, cpus: 1, pids: 32, diskMb: 64 }, env: {} },
        clock: systemClock,
        logger: process.env.TURN_LOG ? createLogger(id.slice(-4), { level: "debug", pretty: false }) : logger,
        random,
      };
      /** As a process would, without one. */
      const holdAlone: StartAlone = (claim) => {
        const { done, stop } = runLoneWorker({
          ...shared,
          identity: identity(claim.fence.owner),
          claim,
          onHolding: () => undefined,
          onLetGo: () => undefined,
        });
        return { ended: done.then(() => ({ well: true, state: "let-go", how: "" })), stop };
      };
      const worker = createWorker({
        ...shared,
        models: model,
        modelSilentMs,
        teamSessions,
        identity: identity(id),
        startAlone: startAlone ?? holdAlone,
        ownerFile: createMemoryOwnerFile(),
        sandboxIdleMs,
        sweepMs,
        drainMs,
        concurrency,
      });
      await worker.start();
      const started: TestWorker = {
        worker,
        id,
        db: workerDb,
        notifier: workerNotifier,
        async stop() {
          workers.delete(started);
          await worker.stop();
          await workerNotifier.close();
          await workerDb.destroy();
        },
      };
      workers.add(started);
      return started;
    },

    async createSession({
      tools = ALLOW_ALL,
      system = "Be brief.",
      budgetCents,
      model = "scripted",
      mcpServers = [],
      vaultIds = [],
    } = {}) {
      const id = newId("session");
      const agent: SessionAgent = {
        type: "agent",
        id: agentId,
        version: 1,
        name: "Test",
        description: null,
        model: { id: model },
        system,
        tools,
        mcp_servers: mcpServers,
        skills: [],
        multiagent: null,
        execution_identity: { type: "service_account" },
      };
      const budget =
        budgetCents === undefined
          ? null
          : { type: "limit", max_list_cost: { amount: String(budgetCents), currency: "USD" } };
      await sql`insert into sessions (id, team_id, agent_id, agent_version, agent, environment_id, vault_ids, budget)
        values (${id}, ${teamId}, ${agentId}, 1, ${JSON.stringify(agent)}::jsonb, ${environmentId}, ${JSON.stringify(vaultIds)}::jsonb,
          ${budget === null ? null : JSON.stringify(budget)}::jsonb)`.execute(db);
      return id;
    },

    async send(sessionId, ...events) {
      const stored = events.map(({ type, ...payload }) => ({ id: newId("event"), type, payload, processedAt: null }));
      const lastSeq = await appendEvents(db, { sessionId, events: stored, changes: { wakeAt: "now" } });
      notifier.logGrew({ sessionId, lastSeq: lastSeq ?? 0 });
      return stored.map((event) => event.id);
    },

    async say(sessionId, text) {
      const [id] = await world.send(sessionId, { type: "user.message", content: [{ type: "text", text }] });
      return id ?? "";
    },

    withdraw: async (sessionId, eventId) =>
      void (await inTransaction(db, (tx) => withdrawMessage(tx, teamId, { sessionId, eventId }))),
    retry: async (sessionId) => void (await inTransaction(db, (tx) => retryTurn(tx, teamId, sessionId))),

    log: (sessionId) => readLog(db, { sessionId, after: 0, limit: 10_000 }),

    async session(sessionId) {
      const row = await db.selectFrom("sessions").selectAll().where("id", "=", sessionId).executeTakeFirstOrThrow();
      return {
        status: row.status,
        stopReason: row.stop_reason as { type: string; event_ids?: string[] } | null,
        leased: row.lease_owner !== null,
        wakeAt: row.wake_at,
        failedClaims: row.failed_claims,
        failuresAlone: row.failures_alone,
        costUsd: row.cost_usd,
        retryAttempt: row.retry_attempt,
      };
    },

    async settled(sessionId, { timeoutMs = 30_000, reason } = {}) {
      let last: unknown;
      await until(
        async () => {
          const now = await world.session(sessionId);
          last = now;
          const rests = now.status === "idle" && !now.leased && now.wakeAt === null;
          return rests && (reason === undefined || now.stopReason?.type === reason);
        },
        { timeoutMs, describe: () => `session did not settle: ${JSON.stringify(last)}` },
      );
      const log = await world.log(sessionId);
      expectSoundStoredLog(log);
      return log;
    },

    async clear() {
      for (const one of [...workers]) await one.stop();
      await db.updateTable("sessions").set({ wake_at: null, lease_owner: null, lease_until: null }).execute();
    },

    async dispose() {
      for (const one of [...workers]) await one.stop();
      await notifier.close();
      await db.destroy();
      if (!database) await fresh.drop();
    },
  };
  return world;
}

/** The owner of a data directory that is only in memory, as the memory backend's disks are. */
export function createMemoryOwnerFile(owner: string | null = null): OwnerFile {
  return {
    path: "/nowhere/installation",
    read: () => owner,
    write(installation) {
      owner = installation;
    },
  };
}

/** What must hold for every log, whatever was killed while it was written. */
export function expectSoundStoredLog(log: readonly StoredEvent[]): void {
  expect(
    log.map((event) => event.seq),
    "seq has no gaps",
  ).toEqual(log.map((_, index) => index + 1));
  const firsts = log.filter((event) => !event.echo).map((event) => event.id);
  expect(new Set(firsts).size, "each event is stored once").toBe(firsts.length);
  const echoes = log.filter((event) => event.echo);
  expect(new Set(echoes.map((event) => event.id)).size, "and echoed at most once").toBe(echoes.length);
  for (const echo of echoes) {
    const first = log.find((event) => event.id === echo.id && !event.echo);
    expect(first?.processedAt, "what was echoed is processed").not.toBeNull();
    const { withdrawn, ...said } = echo.payload;
    expect(withdrawn === undefined || withdrawn === true).toBe(true);
    expect(first?.payload).toEqual(said);
  }
  const results = log
    .filter((event) => event.type === "agent.tool_result" || event.type === "agent.mcp_tool_result")
    .map((event) => String(event.payload.tool_use_id ?? event.payload.mcp_tool_use_id));
  expect(new Set(results).size, "a call has one result").toBe(results.length);
  const idle =
    log.at(-1)?.type === "session.status_idle" ? (log.at(-1)?.payload.stop_reason as { type: string }) : null;
  const uses = log
    .filter((event) => event.type === "agent.tool_use" || event.type === "agent.mcp_tool_use")
    .map((event) => event.id);
  if (idle && idle.type !== "requires_action")
    expect([...results].sort(), "each call has a result").toEqual([...uses].sort());
  const starts = log.filter((event) => event.type === "span.model_request_start").map((event) => event.id);
  const ends = log
    .filter((event) => event.type === "span.model_request_end")
    .map((event) => String(event.payload.model_request_start_id));
  expect(new Set(ends).size, "a request ends once").toBe(ends.length);
  if (idle) expect([...ends].sort(), "each request ended").toEqual([...starts].sort());
}

/** Types in order, echoes marked. */
export function typesOf(log: readonly StoredEvent[]): string[] {
  return log.map((event) => (event.echo ? `${event.type} (echo)` : event.type));
}

/** A promise and what resolves it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
