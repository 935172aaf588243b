// One client of an event stream: its own place in the log, and how much it has not taken yet.
import type { ServerResponse } from "node:http";

/** What a stream writes to. `node:http`'s response fits. */
export type Sink = Pick<
  ServerResponse,
  "write" | "writableLength" | "writableNeedDrain" | "once" | "off" | "end" | "destroy"
>;

/** Backlog of a client that does not keep up, after which it is dropped; it resumes with Last-Event-ID. */
export const MAX_BACKLOG_BYTES = 1024 * 1024;
/** Previews are only for those who keep up. */
const MAX_PREVIEW_BACKLOG_BYTES = 256 * 1024;
/** How long a client may take for what it has been given: a minute, and more for a large entry on a slow line. */
const STALLED_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 32;

/** What was written last to a sink; several subscribers may share one. */
export type Backlog = { lastPieceBytes: number };

export type Subscriber = {
  /** The seq of the last entry that was written to it. */
  cursor: number;
  readonly previews: ReadonlySet<string>;
  /** A catch-up from the database is under way: nothing else may write entries. */
  catchingUp: boolean;
  readonly closed: boolean;
  /**
   * Writes entries up to `cursor`. Several clients may share the bytes. False: nothing was written, the client is busy
   * with what it has (it comes back by `onDrained`) or was dropped.
   */
  write(bytes: Buffer, cursor: number): boolean;
  /** A preview or heartbeat: left out when the client is behind. */
  writeIfFree(bytes: Buffer): void;
  /** Calls `onDrained` once the client took everything that is on its way; one that takes nothing is dropped. */
  awaitDrain(): void;
  /** Resolves when the client took everything, or is gone. */
  drained(): Promise<void>;
  end(): void;
  drop(): void;
};

export function createSubscriber(options: {
  sink: Sink;
  cursor: number;
  previews: ReadonlySet<string>;
  onDrained: () => void;
  backlog?: Backlog;
}): Subscriber {
  const { sink, backlog = { lastPieceBytes: 0 } } = options;
  let closed = false;
  let stalledTimer: NodeJS.Timeout | undefined;

  const subscriber: Subscriber = {
    cursor: options.cursor,
    previews: options.previews,
    catchingUp: false,
    get closed() {
      return closed;
    },
    write(bytes, cursor) {
      if (closed) return false;
      if (sink.writableLength > MAX_BACKLOG_BYTES) {
        // One entry that is larger than the limit by itself is no backlog: the client comes back for more when it has it.
        if (backlog.lastPieceBytes <= MAX_BACKLOG_BYTES) subscriber.drop();
        else subscriber.awaitDrain();
        return false;
      }
      backlog.lastPieceBytes = bytes.byteLength;
      subscriber.cursor = cursor;
      if (!sink.write(bytes)) subscriber.awaitDrain();
      return true;
    },
    writeIfFree(bytes) {
      if (!closed && sink.writableLength < MAX_PREVIEW_BACKLOG_BYTES) sink.write(bytes);
    },
    awaitDrain() {
      if (closed || stalledTimer) return;
      stalledTimer = setTimeout(subscriber.drop, STALLED_MS + sink.writableLength / SLOWEST_BYTES_PER_MS);
      sink.once("drain", onDrain);
    },
    drained() {
      if (closed || !sink.writableNeedDrain) return Promise.resolve();
      return new Promise((resolve) => {
        const done = () => {
          sink.off("drain", done);
          sink.off("close", done);
          resolve();
        };
        sink.once("drain", done);
        sink.once("close", done);
      });
    },
    end() {
      closed = true;
      clearTimeout(stalledTimer);
      sink.end();
    },
    drop() {
      closed = true;
      clearTimeout(stalledTimer);
      sink.destroy();
    },
  };

  function onDrain(): void {
    clearTimeout(stalledTimer);
    stalledTimer = undefined;
    options.onDrained();
  }
  return subscriber;
}
