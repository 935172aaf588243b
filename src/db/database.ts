// The connection pool, transactions, and what to do once one is committed.
import { Kysely, PostgresDialect, type Transaction } from "kysely";
import pg from "pg";
import { PlatformError } from "../lib/errors.ts";
import { nameStatements } from "./named-statements.ts";
import type { Schema } from "./schema.ts";

/** The pool or a transaction: queries take either as their first argument. */
export type Database = Kysely<Schema>;
export type DatabaseTransaction = Transaction<Schema>;

// int8 (oid 20): sequence numbers and counters stay below 2^53. numeric (1700) stays text: money is exact.
pg.types.setTypeParser(20, (text) => Number(text));

export type DatabaseOptions = {
  /** postgres://user:password@host:port/database */
  url: string;
  /** Upper bound of connections of this process. */
  maxConnections: number;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  onError?: (error: Error) => void;
  /** "requests": somebody waits for the answer, and is told to come back rather than kept. Default "work". */
  waitsLike?: keyof typeof LIMITS;
};

/** How long a free connection (or a new one), a lock, and the end of a statement are waited for. */
const LIMITS = {
  requests: { connectMs: 3_000, lockMs: 3_000, statementMs: 10_000 },
  work: { connectMs: 5_000, lockMs: 10_000, statementMs: 30_000 },
} as const;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 30_000;

export function openDatabase(options: DatabaseOptions): Database {
  const limits = LIMITS[options.waitsLike ?? "work"];
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections,
    application_name: options.applicationName,
    connectionTimeoutMillis: limits.connectMs,
    idleTimeoutMillis: 30_000,
    statement_timeout: limits.statementMs,
    lock_timeout: limits.lockMs,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
  });
  // An idle connection that Postgres dropped: the pool replaces it; without a listener the process would end.
  pool.on("error", (error) => options.onError?.(error));
  // The same for a connection in use that is lost between two statements: the next statement fails, that is enough.
  pool.on("connect", (client) => {
    client.on("error", (error) => options.onError?.(error));
    nameStatements(client);
  });
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}

const hooks = new WeakMap<object, (() => void)[]>();

/** Runs `work` in one transaction; what `afterCommit` collected runs once it is committed. */
export async function inTransaction<T>(db: Database, work: (tx: DatabaseTransaction) => Promise<T>): Promise<T> {
  const collected: (() => void)[] = [];
  const result = await db.transaction().execute(async (tx) => {
    hooks.set(tx, collected);
    return work(tx);
  });
  for (const hook of collected) hook();
  return result;
}

/** Calls `hook` after the transaction is committed; never when it is rolled back. */
export function afterCommit(tx: Database, hook: () => void): void {
  const collected = hooks.get(tx);
  if (!collected) throw new Error("afterCommit needs a transaction that inTransaction began");
  collected.push(hook);
}

/** Connection-level failures: the same call may succeed once Postgres is back. SQLSTATE classes 08, 53, 57P and socket errors. */
export function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (/^(08...|53...|57P..|25P03)$/.test(code)) return true;
  if (["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOTFOUND", "ENOENT"].includes(code)) return true;
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after/i.test(
    error.message,
  );
}

/** Postgres gave up waiting (statement or lock timeout, deadlock, serialization): trying again is right. */
export function isBusyFailure(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : "";
  return code === "57014" || code === "55P03" || code === "40P01" || code === "40001";
}

/** Unique violation on this constraint or index. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (!(error instanceof Error) || !("code" in error) || error.code !== "23505") return false;
  return constraint === undefined || ("constraint" in error && error.constraint === constraint);
}

/** A row that this one refers to is gone. */
export function isForeignKeyViolation(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "23503";
}

/** The schema was not made yet. */
export function isMissingTable(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "42P01";
}

/** Throws `lease_lost` when a guarded change of a worker touched no row. */
export function leaseLost(sessionId: string): PlatformError {
  return new PlatformError("lease_lost", `This worker no longer holds the lease of session ${sessionId}.`);
}
