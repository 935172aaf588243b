// A worker's sign of life: an advisory lock on a connection of its own. It is free the moment the worker is dead.
import pg from "pg";
import type { Logger } from "../lib/logger.ts";

const RECONNECT_MS = 100;

export type WorkerLock = {
  readonly held: boolean;
  close(): Promise<void>;
};

/** Takes the lock, and again after each lost connection. `onHeld` runs each time it has been taken; until then the worker looks dead. */
export function holdWorkerLock(options: {
  url: string;
  lockKey: number;
  applicationName: string;
  logger: Logger;
  onHeld: () => Promise<void>;
}): WorkerLock {
  const { lockKey, logger } = options;
  let client: pg.Client | null = null;
  let held = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  function retry(): void {
    held = false;
    client = null;
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, RECONNECT_MS);
  }

  async function connect(): Promise<void> {
    const fresh = new pg.Client({
      connectionString: options.url,
      application_name: options.applicationName,
      keepAlive: true,
    });
    fresh.on("error", (error) => logger.debug({ err: error }, "the worker's lock connection failed"));
    fresh.once("end", retry);
    try {
      await fresh.connect();
      // A network that went silent must not keep a dead worker's lock for hours.
      await fresh.query("set tcp_keepalives_idle = 5; set tcp_keepalives_interval = 2; set tcp_keepalives_count = 3");
      await fresh.query("select pg_advisory_lock($1::bigint)", [lockKey]);
      client = fresh;
      held = true;
      await options.onHeld();
      if (closed) await fresh.end();
    } catch (error) {
      if (!closed) logger.debug({ err: error }, "the worker's lock could not be taken");
      fresh.removeListener("end", retry);
      fresh.end().catch(() => undefined);
      retry();
    }
  }

  void connect();
  return {
    get held() {
      return held;
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
